import { formatDuration } from '@bench/core';
import type { Capabilities } from '../contract/provider.ts';

/**
 * What happens to a machine when this one never comes back, and what it bills then, in a sentence or two.
 * @param options.selfDestruct can it destroy itself by a request of its provider?
 */
export function leaseText(
  capabilities: Pick<Capabilities, 'shutdownEndsBilling' | 'nativeTtl'>,
  options: { leaseS: number; maxLifetimeS: number; selfDestruct?: boolean },
): string {
  const after = formatDuration(options.leaseS * 1000);
  const life = formatDuration(options.maxLifetimeS * 1000);
  const ttl = capabilities.nativeTtl ? ` Its provider ends it after ${life} in any case.` : '';
  if (options.selfDestruct === true)
    return `If this computer is lost, the machine destroys itself ${after} later and bills nothing any more.${ttl}`;
  if (capabilities.shutdownEndsBilling)
    return `If this computer is lost, the machine shuts down ${after} later and bills nothing any more.${ttl}`;
  // The limit of a provider counts while a machine runs: Google clears its termination timestamp when one is stopped, by whomever.
  const running = capabilities.nativeTtl ? ` Its provider ends it after ${life} only if it runs then.` : '';
  return `If this computer is lost, the machine shuts down ${after} later; it may go on billing, its disk at the least until bench gc has ended it.${running}`;
}
