import type { Io } from '@bench/core';
import { readRunFile, resolveRun, runPaths, type RunFile } from '@bench/results';
import { type CloudAccess, withCloud } from './cloud-access.ts';
import { type CliContext, withContext } from './context.ts';
import { loadSettings, type Settings } from './settings/load-settings.ts';
import { usage } from './asked.ts';

/** The settings with the provider `slurm` set up for a login host. */
export function settingsForLogin<S extends Pick<Settings, 'providers'>>(settings: S, login: string): S {
  const own = settings.providers['slurm'] as Record<string, unknown> | null | undefined;
  return { ...settings, providers: { ...settings.providers, slurm: { ...own, login } } };
}

/** Ledger and provider, for jobs that are submitted at a login host. @throws BenchError of exit code 4 when it cannot be used */
export function withSlurm<T>(o: { io: Io; settings: Settings; login: string }, action: (access: CloudAccess) => Promise<T>): Promise<T> {
  return withCloud({ io: o.io, settings: settingsForLogin(o.settings, o.login), only: ['slurm'], need: true }, action);
}

/** A run in a queue, with the way to its cluster. */
export interface QueueRun {
  dir: string;
  run: RunFile;
  access: CloudAccess;
  context: CliContext;
  settings: Settings;
}

/** Opens a run that is in the queue of a cluster. @throws BenchError `BENCH_USAGE` for another one */
export async function withQueueRun<T>(
  text: string,
  flags: { out: string; config?: string | undefined },
  stopText: string | null,
  action: (run: QueueRun) => Promise<T>,
): Promise<T> {
  const dir = await resolveRun(text, flags.out);
  const run = await readRunFile(dir);
  const { batch, ssh } = run.asked;
  if (!batch) throw usage(`run ${run.id} is on ${run.asked.site}, and not in the queue of a cluster`, 'bench status shows how it stands');
  const settings = await loadSettings({ config: flags.config, providers: true });
  return withContext(
    (context) => withSlurm({ io: context.io, settings, login: batch.login }, (access) => action({ dir, run, access, context, settings })),
    { ...(ssh === undefined ? {} : { ssh }), hosts: settings.hosts, knownHosts: runPaths.knownHosts(dir), stopText },
  );
}
