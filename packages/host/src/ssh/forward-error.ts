import { sshError } from './errors.ts';

/** The same words for both clients. */
export const forwardFailed = (where: string, to: { host: string; port: number }, why: string, cause?: unknown) =>
  sshError('FORWARD', {
    message: `${where}: it cannot reach ${to.host}:${to.port}: ${why.replace(/^\(SSH\) Channel open failure: /, '')}`,
    hint: 'does something listen there yet, and does the server allow forwarding (AllowTcpForwarding)?',
    retryable: true,
    cause,
  });
