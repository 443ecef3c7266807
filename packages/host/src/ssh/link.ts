import type { Duplex } from 'node:stream';
import type { RemoteChannel } from './transport.ts';

/**
 * What became of an attempt to run a line. `refused`: the server has no room for another session. `gone`: the connection was not there
 * any more and the line was certainly not sent, so it may be sent again by whatever connection comes next.
 */
export type SessionOutcome =
  /** `over`: the server has this session no more; after `exit` when the channel was given up. */
  { kind: 'open'; channel: RemoteChannel; over: Promise<void> } | { kind: 'refused'; cause?: unknown } | { kind: 'gone' };

/** One live connection, made by one of the two clients. */
export interface SshLink {
  /** @throws BenchError `BENCH_SSH_LOST` when the connection went away after the line may have been sent. */
  session(line: string): Promise<SessionOutcome>;
  /** Null: the connection was not there any more. @throws BenchError `BENCH_SSH_FORWARD`. */
  forward(to: { host: string; port: number }): Promise<Duplex | null>;
  /** False once it is known to be lost. */
  readonly alive: boolean;
  /** Idempotent; resolves when nothing of it is left. */
  close(): Promise<void>;
}
