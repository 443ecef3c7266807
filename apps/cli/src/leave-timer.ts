import { leaseOf } from '@bench/benchmark';
import type { Host, Io } from '@bench/core';
import type { Capabilities, MachineRef, OpenProviders } from '@bench/provisioning';

/**
 * Sets the timer in a machine that is left up, to the end of its time. Where it is set already it is set anew, and its watch started again.
 * @param o.leaseS what it is set to until `keepS` is in it
 * @returns false: it cannot be set, or not to that; the warning is in the log
 */
export async function leaveTimer(o: {
  host: Host;
  rented: { name: string; ref: MachineRef };
  providers: OpenProviders;
  leaseS: number;
  keepS: number;
  io: Io;
}): Promise<boolean> {
  const lease = await leaseOf(o);
  if (lease === null) return false;
  try {
    return await lease.leave(o.keepS);
  } finally {
    lease.close();
  }
}

/** What ends a machine when its time is over and this computer never comes back, in a line. */
export function afterwardsText(o: {
  title: string;
  capabilities: Pick<Capabilities, 'shutdownEndsBilling' | 'nativeTtl'>;
  /** Is the timer in it set? */
  timer: boolean;
  /** Can it destroy itself by a request of its provider? */
  selfDestructs: boolean;
}): string {
  const { title, capabilities, timer, selfDestructs } = o;
  if (timer && (selfDestructs || capabilities.shutdownEndsBilling)) return 'after that time it ends itself';
  // A limit of the provider counts while the machine runs: what the timer has shut down stays, and bills its disk.
  if (timer) return `after that time it shuts itself down; ${title} may go on billing until bench gc has ended it`;
  if (capabilities.nativeTtl) return `after that time ${title} ends it, if it runs then`;
  return 'nothing ends it by itself: after that time bench gc does, whenever you run it';
}
