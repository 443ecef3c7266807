import type { Duplex, Readable, Writable } from 'node:stream';
import type { Io } from '@bench/core';

/** One command on the far machine. */
export interface RemoteChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects with BenchError BENCH_SSH_LOST (retryable) when the connection went away first. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  /** Gives the channel up; the far process is not thereby ended (the Host layer ends its group). */
  close(): void;
}

/** One connection to one machine, by one of two clients that behave alike. */
export interface SshTransport {
  readonly kind: 'ssh2' | 'system';
  /** `user@host:port` as connected to. */
  readonly name: string;
  /**
   * Runs one constant line in the far login shell, on the one connection, which is opened on first use and again with backoff after
   * it was lost. Waits its turn past the server's session limit.
   * @throws BenchError `BENCH_SSH_*`; see the README of the package.
   */
  open(line: string, options?: { signal?: AbortSignal }): Promise<RemoteChannel>;
  /** A stream to host:port as the far machine sees it. */
  forward(to: { host: string; port: number }, options?: { signal?: AbortSignal }): Promise<Duplex>;
  close(): Promise<void>;
}

/** A question for the user. */
export interface SshQuestion {
  text: string;
  /** The answer is not shown while it is typed. */
  secret: boolean;
}

export interface SshOptions {
  /** Clock, sleep, randomness for jitter, logger, secrets, signal. */
  io: Io;
  /** `auto` (default): ssh2, unless the configuration needs what only OpenSSH can do (certificates, sk- keys, GSSAPI, …) and `ssh` is installed. */
  transport?: 'auto' | 'ssh2' | 'system';
  /** Further key files, tried first. */
  identities?: readonly string[];
  /** Default: the target's own, then the configuration's, then 22. */
  port?: number;
  /** Asks the user (passphrase, password, one-time code); absent: never asks. Each question is asked once a process. */
  ask?: (question: SshQuestion) => Promise<string>;
  /**
   * `user`: the user's known_hosts files are honoured and never written; an unknown key is accepted once, shown by the logger at `warn`
   * with its fingerprint, and remembered in `runFile`. `machine`: rented; only `file` is read and written, the entry is under `id`.
   */
  hostKeys: { kind: 'user'; runFile?: string } | { kind: 'machine'; id: string; file: string };
  /** Instead of `~/.ssh/config` and the system's (as `ssh -F`). */
  configFile?: string;
  /** Default: `os.homedir()`. */
  home?: string;
  /** Socket of the agent; null or absent: none, unless the configuration names one. */
  agentSocket?: string | null;
  /** Default 15 000. */
  connectTimeoutMs?: number;
  /** Default every 15 000 ms, lost after 8 unanswered. */
  keepAlive?: { intervalMs: number; countMax: number };
}
