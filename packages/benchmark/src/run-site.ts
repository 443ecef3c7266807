import type { Host, Io, SystemInfo } from '@bench/core';
import { findPrograms, processTarget, type SiteFacts, type Target } from '@bench/deploy';
import { freePort, systemInfo } from '@bench/host';
import { BUILTIN_ENGINES, type Engine, engineOf, type Task } from '@bench/recipe';

/** A place where a run happens: a host, what is known of it, and how deployments live there. */
export interface RunSite {
  name: string;
  host: Host;
  target: Target;
  system: SystemInfo;
  /** Facts for one deployment; a free port is looked up at every call. */
  facts(deployment: { id: string; dir: string }): Promise<SiteFacts>;
  close(): Promise<void>;
}

/** This machine, engines as processes. */
export async function openLocalSite(options: {
  io: Io;
  tasks: readonly Task[];
  engines?: readonly Engine[];
  /** Where programs of engines are looked for, nearest first. */
  folders: readonly string[];
}): Promise<RunSite> {
  const { io, tasks, folders } = options;
  const engines = options.engines ?? BUILTIN_ENGINES;
  const host = await io.connect('local');
  const signal = io.signal;
  const used = tasks.filter((t) => t.kind === 'inference').map((t) => engineOf(t.resolved, engines).engine);
  const [system, programs] = await Promise.all([systemInfo(host, { signal }), findPrograms({ engines: used, folders, host, signal })]);
  return {
    name: 'local',
    host,
    target: processTarget({ engines }),
    system,
    facts: async ({ id, dir }) => ({
      gpuVendor: system.gpus && system.gpus.length > 0 ? 'nvidia' : null,
      gpuIds: (system.gpus ?? []).map((_, i) => String(i)),
      gpuNames: (system.gpus ?? []).map((gpu) => gpu.name),
      freePorts: [await freePort()],
      namePrefix: id,
      deploymentDir: dir,
      programs,
    }),
    close: () => host.close(),
  };
}
