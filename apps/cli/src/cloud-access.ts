import { homedir } from 'node:os';
import { join } from 'node:path';
import { leftMachines } from '@bench/benchmark';
import { BenchError, EXIT, type Io } from '@bench/core';
import { type Ledger, openLedger, openProviders, type OpenProviders } from '@bench/provisioning';
import { faultHint, faultLines } from './fault-lines.ts';
import type { PluginFault } from './plugins/plugin.ts';
import { loadSettings, type Settings } from './settings/load-settings.ts';

/** What renting takes. */
export interface CloudAccess {
  ledger: Ledger;
  providers: OpenProviders;
}

/** Folder of the ledger: `$XDG_STATE_HOME/bench/ledger`, by default `~/.local/state/bench/ledger`. */
export function ledgerDir(): string {
  const state = process.env['XDG_STATE_HOME'];
  return join(state === undefined || state === '' ? join(homedir(), '.local/state') : state, 'bench', 'ledger');
}

/** Opens the ledger of this user for an action. */
export async function withLedger<T>(io: Io, action: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger({ dir: ledgerDir(), io });
  try {
    return await action(ledger);
  } finally {
    await ledger.close();
  }
}

/**
 * Opens the providers that have credentials, for an action. `only`: those; the first one that is not open is the error.
 * @throws BenchError of exit code 4 when `need` and none is open
 */
export async function withProviders<T>(
  o: { io: Io; settings: Settings; only?: readonly string[] | null | undefined; need?: boolean },
  action: (providers: OpenProviders) => Promise<T>,
): Promise<T> {
  const { io, settings, only } = o;
  for (const name of only ?? []) refuseUnknown(name, settings);
  const providers = await openProviders({ factories: settings.factories, settings: settings.providers, io, ...(only ? { only } : {}) });
  try {
    for (const name of only ?? []) providers.get(name);
    if (o.need && providers.list.length === 0) throw noneOpen(providers, settings.faults);
    return await action(providers);
  } finally {
    await providers.close();
  }
}

/** Ledger and providers, for whatever rents or ends what was rented. */
export function withCloud<T>(
  o: { io: Io; settings: Settings; only?: readonly string[] | null | undefined; need?: boolean },
  action: (access: CloudAccess) => Promise<T>,
): Promise<T> {
  return withProviders(o, (providers) => withLedger(o.io, (ledger) => action({ ledger, providers })));
}

/**
 * Ledger and providers, for what a run left: those that hold its machines by the ledger, and of `more` (null: of all) those that can be opened.
 * One that cannot be is told where it is needed.
 */
export function withCloudOfRun<T>(
  o: { io: Io; settings: Settings; run: string; more: readonly string[] | null },
  action: (access: CloudAccess) => Promise<T>,
): Promise<T> {
  const { io, settings, run, more } = o;
  return withLedger(io, async (ledger) => {
    const holding = (await leftMachines(ledger, run)).map(({ provider }) => provider);
    const only = more === null ? {} : { only: [...new Set([...more, ...holding])] };
    const providers = await openProviders({ factories: settings.factories, settings: settings.providers, io, ...only });
    try {
      return await action({ ledger, providers });
    } finally {
      await providers.close();
    }
  });
}

/** The settings of a command that has to do with providers. */
export const cloudSettings = (flags: { config?: string | undefined }, signal: AbortSignal): Promise<Settings> =>
  loadSettings({ config: flags.config, providers: true, signal });

function refuseUnknown(name: string, settings: Settings): void {
  if (settings.factories.some((factory) => factory.name === name)) return;
  throw new BenchError({
    code: 'BENCH_PROVIDER_UNKNOWN',
    message: `there is no provider "${name}"; there are ${settings.factories.map((factory) => factory.name).join(', ')}`,
    hint: faultHint(settings.faults) ?? 'bench plugins lists what the settings bring',
    exitCode: EXIT.usage,
  });
}

function noneOpen(providers: OpenProviders, faults: readonly PluginFault[]): BenchError {
  return new BenchError({
    code: 'BENCH_NO_PROVIDER',
    message: [
      'no provider can be used:',
      ...providers.closed.map(({ name, reason }) => `  ${name}: ${reason}`),
      ...faultLines(faults),
    ].join('\n'),
    hint: providers.closed.map(({ name, hint }) => `${name}: ${hint}`).join('\n'),
    exitCode: EXIT.provider,
  });
}
