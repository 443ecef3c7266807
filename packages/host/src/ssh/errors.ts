import { BenchError, EXIT, messageOf } from '@bench/core';

/** How opening or keeping a connection can fail. Each has a code of its own: `BENCH_SSH_` + the kind. */
export type SshFailure =
  | 'TARGET' // the target cannot be a host
  | 'CONFIG' // the user's ssh_config cannot be used
  | 'NAME' // the host name has no address
  | 'REFUSED' // nobody listens there, or the connection was closed before a greeting
  | 'TIMEOUT' // no answer, or no way there
  | 'AUTH' // the server took none of our keys and answers
  | 'HOST_KEY' // changed, revoked, or unknown where it must be known
  | 'HANDSHAKE' // no algorithm in common, or not an SSH server
  | 'LOST' // was there, is gone
  | 'JUMP' // a jump host or proxy command failed
  | 'FORWARD' // the far side could not reach the address asked for
  | 'SESSION' // connected, but the server runs no command
  | 'CLIENT' // the ssh program is needed and is not there
  | 'CLOSED'; // used after close()

const RETRYABLE: ReadonlySet<SshFailure> = new Set<SshFailure>(['REFUSED', 'TIMEOUT', 'LOST']);

export interface SshErrorInit {
  message: string;
  hint?: string | undefined;
  cause?: unknown;
  retryable?: boolean | undefined;
  exitCode?: number | undefined;
  details?: Record<string, unknown> | undefined;
}

/** A `BENCH_SSH_*` error, with the exit code and retryability of its kind. */
export function sshError(failure: SshFailure, init: SshErrorInit): BenchError {
  const exitCode = failure === 'AUTH' ? EXIT.provider : failure === 'TARGET' || failure === 'CONFIG' ? EXIT.usage : EXIT.missingPart;
  return new BenchError({ retryable: RETRYABLE.has(failure), exitCode, ...init, code: `BENCH_SSH_${failure}` });
}

export const nameNotFound = (where: string, cause?: unknown) =>
  sshError('NAME', {
    message: `${where}: the host name was not found`,
    hint: 'check the spelling, and that the name resolves from here (getent hosts NAME)',
    cause,
  });

export const refused = (where: string, cause?: unknown) =>
  sshError('REFUSED', {
    message: `${where}: connection refused`,
    hint: 'nothing listens on that port: is the SSH server up, and is this its port?',
    cause,
  });

export const closedEarly = (where: string, cause?: unknown) =>
  sshError('REFUSED', {
    message: `${where}: the server closed the connection before it let us in`,
    hint: 'it may be starting, full (MaxStartups), or blocking this address; try again in a moment',
    cause,
  });

export const timedOut = (where: string, ms: number, cause?: unknown) =>
  sshError('TIMEOUT', {
    message: `${where}: no answer within ${ms / 1000} s`,
    hint: 'is the machine up, and does a firewall let this port through?',
    cause,
  });

export const unreachable = (where: string, why: string, cause?: unknown) =>
  sshError('TIMEOUT', {
    message: `${where}: cannot be reached (${why})`,
    hint: 'check the network, VPN and firewall between here and there',
    cause,
  });

export const lost = (where: string, cause?: unknown) =>
  sshError('LOST', { message: `${where}: the connection was lost`, hint: 'the next command connects again', cause });

export const closed = (where: string) => sshError('CLOSED', { message: `${where}: this connection has been closed` });

/** A failure of one hop of the way, told by its name; how bad it is, is its cause's matter. */
export function jumpFailed(hop: string, where: string, cause: unknown): BenchError {
  if (BenchError.is(cause) && cause.code === 'BENCH_SSH_JUMP') return cause; // it names the hop that failed already
  const known = BenchError.is(cause) ? cause : undefined;
  return sshError('JUMP', {
    message: `cannot reach ${where}: jump host ${hop} failed: ${messageOf(cause)}`,
    hint: known?.hint,
    retryable: known?.retryable ?? false,
    exitCode: known?.exitCode,
    details: { hop, ...(known ? { code: known.code } : {}) },
    cause,
  });
}

const NAME_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_NODATA', 'EAI_FAIL']);
const FAR_CODES = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);

/** What an error of a TCP connect means. */
export function fromSocketError(error: NodeJS.ErrnoException, where: string, connectTimeoutMs: number): BenchError {
  // Several addresses were tried: the first one's failure is what a person would see.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as NodeJS.ErrnoException | undefined)?.code ?? error.code ?? '';
  if (NAME_CODES.has(code)) return nameNotFound(where, error);
  if (code === 'ECONNREFUSED') return refused(where, error);
  if (code === 'ETIMEDOUT') return timedOut(where, connectTimeoutMs, error);
  if (FAR_CODES.has(code)) return unreachable(where, code, error);
  return closedEarly(where, error);
}
