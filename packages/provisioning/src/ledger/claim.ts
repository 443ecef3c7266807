import { bootId, type Io, machineId, minuteText } from '@bench/core';
import type { LedgerEntry } from './entry.ts';
import { heartbeatAgeMs } from './heartbeat.ts';
import { processState } from './holder.ts';
import type { Ledger } from './ledger.ts';

/** A process of another computer lives while its sign of life is younger, milliseconds. */
const HEARTBEAT_MS = 600_000;

/**
 * Who works with a machine, in words; null: nobody. A process of this computer by its id, start and boot, whatever any clock says; one of
 * another computer, or of another boot of one with the same machine id, by its sign of life in the folder; a lease until its time, or until
 * somebody began to end the machine.
 */
export async function claimOf(entry: LedgerEntry, o: { ledger: Pick<Ledger, 'dir'>; io: Pick<Io, 'now'> }): Promise<string | null> {
  const { holder } = entry;
  if (holder.kind === 'lease') {
    const ended = entry.state === 'ending' || Date.parse(holder.until) <= o.io.now();
    return ended ? null : `its lease until ${minuteText(holder.until)} UTC`;
  }
  const state = processState(holder);
  if (state === 'alive') return `process ${holder.pid}`;
  if (state === 'dead' || holder.heartbeat === undefined) return null;
  const ageMs = await heartbeatAgeMs(o.ledger.dir, holder.heartbeat, o.io.now());
  if (ageMs === null || ageMs >= HEARTBEAT_MS) return null;
  const restarted = holder.machineId !== null && holder.machineId === machineId() && holder.bootId !== bootId();
  return `process ${holder.pid} of another computer${restarted ? ', or of this one before it was restarted' : ''}`;
}
