import type { BenchError } from '@bench/core';
import { sshError } from './errors.ts';

/** The same words for both clients. */
export function authError(
  where: string,
  tried: readonly string[],
  accepts: readonly string[],
  tooMany: boolean,
  cause?: unknown,
): BenchError {
  const wants = accepts.length === 0 ? '' : `; the server accepts ${accepts.join(', ')}`;
  return sshError('AUTH', {
    message: `${where}: permission denied. Tried: ${tried.length === 0 ? 'nothing, there is no key' : tried.join('; ')}${wants}`,
    hint: tooMany
      ? 'the server stopped counting: name the right key and set IdentitiesOnly yes for this host'
      : "check the user name, and that one of these keys is in the far side's authorized_keys; --ssh-key adds another",
    details: { tried, accepts },
    cause,
  });
}
