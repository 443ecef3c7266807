import { type JobMetrics, jobMetrics } from '@bench/benchmark';
import { type RunView, runPaths } from '@bench/results';
import { withContext } from './context.ts';
import { loadSettings } from './settings/load-settings.ts';
import { withSlurm } from './slurm-access.ts';

/**
 * How the jobs of a run are that run in a queue now. Where there are none, or their cluster cannot be asked without a question to the user, the
 * answer is empty: a run's state is shown without it.
 */
export async function metricsNow(dir: string, view: RunView, flags: { config?: string | undefined }): Promise<JobMetrics[]> {
  const { batch, ssh } = view.run.asked;
  const up = view.jobs.some(({ role, ended }) => role === 'service' && ended === null);
  if (!batch || !up || view.live.length === 0) return [];
  let interrupted: DOMException | null = null;
  const found = await (async () => {
    const settings = await loadSettings({ config: flags.config, providers: true });
    return withContext(
      ({ io, signal }) =>
        withSlurm({ io, settings, login: batch.login }, (cloud) => jobMetrics({ view, cloud, signal })).catch((error: unknown) => {
          if (signal.aborted) interrupted = new DOMException('interrupted', 'AbortError');
          throw error;
        }),
      { ...(ssh === undefined ? {} : { ssh }), hosts: settings.hosts, knownHosts: runPaths.knownHosts(dir), stopText: null, quiet: true },
    );
  })().catch(() => []);
  if (interrupted !== null) throw interrupted;
  return found;
}
