import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, EXIT, type Io } from '@bench/core';
import { isOver } from '@bench/provisioning';
import { readJournal, rentedMachines, runCost, runPaths, type RunWriter } from '@bench/results';
import { errorFacts } from '../error-facts.ts';
import type { CloudAccess } from '../run-options.ts';
import { stateOf } from '../run-state.ts';
import type { TeardownOutcome } from '../teardown.ts';
import { costingEntries, endEntry } from './end-entry.ts';
import { rentalNumbers } from './rental-log.ts';

/**
 * Ends every machine of a run that may cost money, and with it what is up on it. Which these are the ledger says; the journal is brought up
 * to it. Repeatable.
 */
export async function teardownCloud(o: {
  writer: RunWriter;
  io: Io;
  access: CloudAccess | undefined;
  on?: ((text: string) => void) | undefined;
}): Promise<TeardownOutcome> {
  const { writer, io, access, on } = o;
  if (!access)
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: `the machines of run ${writer.run.id} were rented: ending them takes the ledger and the providers`,
      exitCode: EXIT.usage,
    });
  const { events } = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const views = rentedMachines(events);
  const numbers = rentalNumbers(views);
  const { live } = stateOf(events);
  const outcome: TeardownOutcome = { stopped: [], leftBehind: [] };
  const entries = await costingEntries(access.ledger, writer.run.id);
  await Promise.all(
    entries.map(async (entry) => {
      const { name } = entry;
      const who = { machine: numbers.of(name), name };
      on?.(`${name}: ending it (${entry.provider}, ${entry.offer.instanceType})`);
      await writer.event({ type: 'machine_ending', ...who, reason: 'teardown' });
      try {
        await endEntry(entry, { ...access, io, reason: 'teardown', asked: true });
        const made = (await access.ledger.entry(name))?.state === 'gone';
        await writer.event({ type: 'machine_gone', ...who, ...(made ? { sinceIntent: true } : {}) });
        const mine = live.filter(({ machine }) => machine === who.machine);
        for (const { deployment } of mine) {
          await rm(join(runPaths.deployment(writer.dir, deployment), 'api-key'), { force: true });
          outcome.stopped.push({ deployment, machine: name });
        }
        if (mine.length === 0) outcome.stopped.push({ deployment: '', machine: name });
      } catch (error) {
        const { message, hint } = errorFacts(error, io);
        outcome.leftBehind.push(`${name}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
      }
    }),
  );
  for (const { name, owner, run, state } of await access.ledger.others())
    if (run === writer.run.id && !isOver({ state }))
      outcome.leftBehind.push(`${name}: it belongs to the computer that this ledger was copied from (bench gc --owner ${owner})`);
  await writeGone({ writer, views, access });
  return outcome;
}

/** Machines that were ended, or turned out never to have been made, while nobody wrote the journal. */
export async function writeGone(o: {
  writer: RunWriter;
  views: ReturnType<typeof rentedMachines>;
  access: Pick<CloudAccess, 'ledger'>;
}): Promise<void> {
  const { writer, views, access } = o;
  const { events } = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const gone = new Set(events.flatMap((event) => (event.type === 'machine_gone' ? [event.name] : [])));
  const open = new Set(runCost(events).machines.flatMap(({ name, outcome }) => (outcome === 'open' ? [name] : [])));
  for (const { name, machine } of views) {
    if (gone.has(name)) continue;
    const entry = await access.ledger.entry(name);
    const made = entry?.state === 'gone';
    if (!entry || !(made || (entry.state === 'refused' && open.has(name)))) continue;
    const { endedAt } = entry;
    const facts = { ...(made ? { sinceIntent: true as const } : {}), ...(endedAt === null ? {} : { endedAt }) };
    await writer.event({ type: 'machine_gone', machine, name, ...facts });
  }
}
