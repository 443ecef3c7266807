import { findGpu, type GpuVendor, type Host, type Io, type SystemInfo } from '@bench/core';
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
  const [first] = system.gpus ?? [];
  const gpuVendor = first === undefined ? null : vendorOf(first);
  return {
    name: 'local',
    host,
    target: processTarget({ engines }),
    system,
    facts: async ({ id, dir }) => ({
      gpuVendor,
      gpus: (system.gpus ?? [])
        // Each vendor's runtime counts its own devices only.
        .filter((gpu) => vendorOf(gpu) === gpuVendor)
        .map(({ name, memoryMiB }, i) => ({ id: String(i), name, memoryMiB })),
      freePorts: [await freePort()],
      namePrefix: id,
      deploymentDir: dir,
      programs,
    }),
    close: () => host.close(),
  };
}

/** A GPU that the catalogue does not know was named by nvidia-smi, or it would carry its vendor's name. */
function vendorOf({ name }: { name: string }): GpuVendor {
  return findGpu(name)?.vendor ?? (/\bAMD\b|Instinct|Radeon/i.test(name) ? 'amd' : 'nvidia');
}
