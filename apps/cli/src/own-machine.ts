import { BenchError, EXIT, type Io } from '@bench/core';
import {
  isOver,
  type Ledger,
  type LedgerEntry,
  type Machine,
  type MachineRef,
  type OpenProvider,
  type OpenProviders,
} from '@bench/provisioning';
import { withCloud } from './cloud-access.ts';
import type { Settings } from './settings/load-settings.ts';

/** A machine of this user's ledger, with its provider. */
export interface OwnMachine {
  entry: LedgerEntry;
  ref: MachineRef;
  open: OpenProvider;
  ledger: Ledger;
  providers: OpenProviders;
}

/** Finds a machine of the ledger by its name, or by the end of it that only it has, and opens its provider. `offline`: asks nobody. */
export function withOwnMachine<T>(
  name: string,
  o: { io: Io; settings: Settings; offline?: boolean },
  action: (machine: OwnMachine) => Promise<T>,
): Promise<T> {
  return withCloud(o, async ({ ledger, providers }) => {
    const entries = await ledger.entries();
    const exact = entries.filter((entry) => entry.name === name);
    const found = exact.length > 0 ? exact : entries.filter((entry) => !isOver(entry) && entry.name.endsWith(name));
    const [entry] = found;
    if (found.length > 1) throw problem(`"${name}" may be ${found.map((e) => e.name).join(' or ')}`, 'write more of it');
    if (!entry) throw problem(`the ledger has no machine "${name}"`, 'bench ledger lists them');
    if (isOver(entry)) throw problem(`${entry.name} is gone`, 'bench ledger lists those that are up');
    const open = providers.get(entry.provider);
    const ref = entry.ref ?? (o.offline ? undefined : (await open.provider.find(entry.name, { signal: o.io.signal }))?.ref);
    if (!ref)
      throw problem(
        `${entry.name}: the answer to its create was lost, and ${o.offline ? 'nobody was asked for it' : `${entry.provider} shows no such machine now`}`,
        'bench gc looks again, and settles it',
      );
    return action({ entry, ref, open, ledger, providers });
  });
}

/** How the provider sees it now. @throws BenchError when it is gone, or cannot be looked at. */
export async function lookAt(machine: OwnMachine, signal: AbortSignal): Promise<Machine> {
  const answer = await machine.open.provider.observe([machine.ref], { signal });
  const seen = answer.get(machine.ref.id);
  if (seen) return seen;
  throw problem(
    seen === null
      ? `${machine.entry.name} is gone at ${machine.entry.provider}`
      : `${machine.entry.provider} does not say how ${machine.entry.name} is`,
    seen === null ? 'bench gc settles the ledger' : 'try again',
    EXIT.provider,
  );
}

const problem = (message: string, hint: string, exitCode: number = EXIT.usage) =>
  new BenchError({ code: 'BENCH_MACHINE', message, hint, exitCode });
