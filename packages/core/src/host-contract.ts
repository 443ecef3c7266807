/** A command is an argument array, or a script handed to `sh` on stdin; never a string pasted together. */
export type Command = { argv: readonly [string, ...string[]]; stdin?: string | Uint8Array } | { script: string; args?: readonly string[] };

export interface ExecOptions {
  /** Working folder on the host. Default: the login folder (SSH), the process's own (local). */
  cwd?: string;
  /** Added to the host's environment. Visible to other processes of the user: secrets go in files or stdin. */
  env?: Record<string, string>;
  /** Milliseconds; then the whole process group is ended. Default: none. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Bytes of stdout and of stderr that are kept; the middle is cut out past it. Default 1 MiB. */
  maxOutputBytes?: number;
  /** May the command be sent again after a lost connection? Default false. */
  repeatable?: boolean;
}

export interface ExecResult {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  durationMs: number;
  timedOut: boolean;
}

export interface OutputLine {
  stream: 'stdout' | 'stderr';
  text: string;
}

export interface Execution {
  /** Lines as they come; ends when the process has ended. */
  lines(): AsyncIterable<OutputLine>;
  /** Ends the process group: TERM, then KILL after `graceMs` (default 5 000). */
  kill(options?: { graceMs?: number }): Promise<void>;
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
}

/** A process in its own session that outlives a connection; found again by its id. */
export interface RemoteProcess {
  readonly id: string;
  /** Process id on the host; also the id of its session and group. */
  readonly pid: number;
  /** Path of the log (stdout and stderr) on the host. */
  readonly logPath: string;
  /** `running`, or the exit code; null code: ended by a signal, or lost with the host. */
  status(): Promise<{ running: true } | { running: false; code: number | null }>;
  /** Log from `offset` bytes on. */
  readLog(offset?: number): Promise<{ text: string; nextOffset: number }>;
  /** TERM, then KILL after `graceMs` (default 10 000). Idempotent. */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** Ends it if it still runs and removes its log and exit-code files; its id is free again. Idempotent. */
  discard(): Promise<void>;
}

export interface TransferOptions {
  signal?: AbortSignal;
  /** Called now and then while bytes go over. `totalBytes` null: not known beforehand. */
  onProgress?: (progress: { bytes: number; totalBytes: number | null }) => void;
}

export interface Tunnel {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A machine on which commands run and to which files are copied. */
export interface Host {
  readonly name: string;
  readonly kind: 'local' | 'ssh';
  exec(command: Command, options?: ExecOptions): Promise<ExecResult>;
  stream(command: Command, options?: ExecOptions): Execution;
  /** Starts a process that survives a lost connection. */
  start(
    command: Command,
    options: { id: string; cwd?: string; env?: Record<string, string>; signal?: AbortSignal },
  ): Promise<RemoteProcess>;
  /** The process started under `id`, or null when this host never had it. */
  attach(id: string): Promise<RemoteProcess | null>;
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Copies a file or folder to the host: there it is the old or the whole new one, never a part. */
  put(local: string, remote: string, options?: TransferOptions): Promise<void>;
  /** Copies a file or folder from the host, whole or not at all. */
  get(remote: string, local: string, options?: TransferOptions): Promise<void>;
  /** A local port that leads to `port` on the host, or on a machine behind it. */
  tunnel(to: { host?: string; port: number }): Promise<Tunnel>;
  close(): Promise<void>;
}
