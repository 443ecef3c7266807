import type { Io } from '@bench/core';
import { type ExecutionGroup, machineKey } from '@bench/planner';
import { invisibleMs, type Ledger, type LedgerEntry } from '@bench/provisioning';
import type { RentedMachineView } from '@bench/results';
import { errorFacts } from '../error-facts.ts';
import type { CloudAccess } from '../run-options.ts';
import { costingEntries } from './end-entry.ts';

/** A machine of a run that may cost money now, by the ledger. */
export interface LeftMachine {
  name: string;
  provider: string;
  /** The provider's own id; null: it was never said. */
  id: string | null;
  /** Of the whole machine; null: not known. */
  priceUsdPerHour: number | null;
}

/** A machine that an earlier invocation left, as it is found before anything is done with it. */
export interface FoundMachine extends LeftMachine {
  /** Of the plan; null: nobody knows what it was rented for. */
  group: number | null;
  /** Why it is not used again; null: it will be tried. */
  problem: string | null;
}

/** How long a provider may take to say which machines are there. What it does not say is found out when they are taken over. */
const LOOK_MS = 30_000;

const factsOf = ({ name, provider, ref, priceUsdPerHour }: LedgerEntry): LeftMachine => ({
  name,
  provider,
  id: ref?.id ?? null,
  priceUsdPerHour,
});

/** Every machine of a run that may cost money, oldest first. */
export async function leftMachines(ledger: Ledger, run: string): Promise<LeftMachine[]> {
  return (await costingEntries(ledger, run)).map(factsOf);
}

/** Looks, before anything is rented or taken over, at what earlier invocations left: the ledger says what, the providers whether it is there. */
export async function findLeft(o: {
  run: string;
  views: readonly RentedMachineView[];
  access: CloudAccess;
  io: Io;
}): Promise<FoundMachine[]> {
  const { run, views, access, io } = o;
  const entries = await costingEntries(access.ledger, run);
  const problems = new Map<string, string>();
  await Promise.all(
    [...new Set(entries.map(({ provider }) => provider))].map(async (provider) => {
      const mine = entries.filter((entry) => entry.provider === provider);
      for (const [name, problem] of await problemsOf(provider, mine, access, io)) problems.set(name, problem);
    }),
  );
  return entries.map((entry) => {
    const { name, state } = entry;
    const group = views.find((view) => view.name === name)?.group ?? null;
    const ending = state === 'ending' ? 'it was being ended' : null;
    return { ...factsOf(entry), group, problem: problems.get(name) ?? ending ?? (group === null ? 'nobody knows what it was for' : null) };
  });
}

/** By the names of machines: why they are of no use. */
async function problemsOf(
  provider: string,
  entries: readonly LedgerEntry[],
  { providers }: CloudAccess,
  io: Io,
): Promise<[string, string][]> {
  const over = new AbortController();
  const signal = AbortSignal.any([io.signal, over.signal]);
  const late = io.sleep(LOOK_MS, signal).then(
    () => null,
    () => null,
  );
  try {
    const open = providers.get(provider);
    const refs = entries.flatMap(({ ref }) => (ref === null ? [] : [ref]));
    const seen = refs.length === 0 ? null : await Promise.race([open.provider.observe(refs, { signal }).catch(() => null), late]);
    io.signal.throwIfAborted();
    return entries.flatMap(({ name, ref, changedAt }): [string, string][] => {
      const machine = ref === null ? undefined : seen?.get(ref.id);
      const young = io.now() - Date.parse(changedAt) < invisibleMs(open.factory.capabilities);
      if (machine === null || machine?.state === 'terminated') return machine === null && young ? [] : [[name, 'it is gone']];
      if (machine?.preempted) return [[name, 'it was taken away']];
      return machine?.state === 'failed' ? [[name, 'it did not come up']] : [];
    });
  } catch (error) {
    io.signal.throwIfAborted();
    const { message, hint } = errorFacts(error, io);
    return entries.map(({ name }) => [name, `${message}${hint === undefined ? '' : ` (${hint})`}`]);
  } finally {
    over.abort();
  }
}

/**
 * Those of the groups for which a machine would have to be rented. Each machine that is there serves the group that it was rented for, or
 * one that it fits exactly.
 */
export function withoutMachine(
  groups: readonly ExecutionGroup[],
  there: readonly { group: number | null; key: string }[],
): ExecutionGroup[] {
  const own = new Set<number>();
  const spare: string[] = [];
  for (const { group, key } of there) {
    if (group !== null && !own.has(group) && groups.some(({ index }) => index === group)) own.add(group);
    else spare.push(key);
  }
  return groups.filter((group) => {
    if (own.has(group.index)) return false;
    const at = spare.indexOf(machineKey(group));
    if (at >= 0) spare.splice(at, 1);
    return at < 0;
  });
}
