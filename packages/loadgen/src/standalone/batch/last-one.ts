import { setTimeout as delay } from 'node:timers/promises';
import type { DeploymentFiles } from './deployment-files.ts';
import { watchPeers } from './peers.ts';

/**
 * Asks the service to end when nobody needs it any more. A client that is done stays until all others are, or are silent for too long; it may
 * leave before if one of them lives, which will then see to it. Client 0 stays: others ask it for the time.
 */
export async function seeToTheEnd(o: {
  files: DeploymentFiles;
  index: number;
  of: number;
  pollMs: number;
  peerTimeoutMs: number;
  /** Aborted: looks once and goes. */
  signal: AbortSignal;
}): Promise<void> {
  const { files, index, of, signal } = o;
  const others = Array.from({ length: of }, (_, i) => i).filter((i) => i !== index);
  const peers = watchPeers(files, o.peerTimeoutMs);
  for (;;) {
    if ((await files.state('service.exit')) || (await files.state('stop'))) return;
    const open: number[] = [];
    for (const i of others) if (!(await peers.over(i))) open.push(i);
    if (open.length === 0) {
      await files.say('stop', { reason: 'clients are done' });
      return;
    }
    if (signal.aborted) return;
    if (index !== 0) for (const i of open) if (await peers.lives(i)) return;
    await delay(o.pollMs, undefined, { signal }).catch(() => undefined);
    await files.refresh('state/any');
  }
}
