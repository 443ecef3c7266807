import { BenchError, EXIT, type GpuVendor, type Host, type Io, messageOf, type SystemInfo } from '@bench/core';
import {
  busyGpus,
  type ContainerFacts,
  findPrograms,
  inspectContainers,
  type Rentals,
  type SiteFacts,
  type SiteGpu,
  siteGpus,
} from '@bench/deploy';
import { freePorts, systemInfo } from '@bench/host';
import { bootstrap } from '@bench/provisioning';
import { BUILTIN_ENGINES, type Engine, engineOf, type Task } from '@bench/recipe';
import type { RunEvent } from './events.ts';
import { gpusInUse } from './gpus-in-use.ts';
import { hostFolders, type HostFolders } from './host-folders.ts';
import type { SiteName } from './site-name.ts';
import { siteTargets, type SiteTargets } from './targets.ts';

/** One machine of a run: a host, what is known of it, and how deployments live there. */
export interface RunMachine {
  /** Position in the site; `machines/<index>` of the run directory. */
  index: number;
  name: string;
  kind: 'local' | 'ssh' | 'rented';
  host: Host;
  system: SystemInfo;
  gpuVendor: GpuVendor | null;
  gpus: readonly SiteGpu[];
  /** Absent: engines are processes there. */
  containers?: ContainerFacts | null;
  targets: SiteTargets;
  folders: HostFolders;
  /** Where a deployment is a machine of its own: how it is rented. */
  rentals?: Rentals;
  /** Facts for one deployment; free ports are looked up at every call with `ports`. */
  facts(deployment: { runId: string; id: string; dir: string; ports: boolean }): Promise<SiteFacts>;
  close(): Promise<void>;
}

export interface OpenMachinesOptions {
  io: Io;
  site: SiteName;
  /** What will run there: decides what is looked for. */
  tasks: readonly Task[];
  /** Look for what runs containers whatever the tasks are. */
  containers?: boolean;
  engines?: readonly Engine[] | undefined;
  /** Where programs of engines are looked for, nearest first. */
  programFolders: readonly string[];
  /** Where bench runs: files of command recipes are relative to it. */
  cwd: string;
  modelDir?: string | undefined;
  /** The run that goes on: GPUs that it holds itself are not taken. */
  runId?: string | undefined;
  expose?: boolean | undefined;
  /** The user's word that what a host lacks may be installed there, and the host restarted for it. Never on this machine. */
  bootstrap?: boolean | undefined;
  on?: (event: RunEvent) => void;
}

/** A port for the balancer and one for each of the most instances a machine holds. */
const SPARE_PORTS = 2;

/**
 * Opens every machine of a site and looks at it, all at once.
 * @throws BenchError when one of them cannot be reached; those that were opened are closed again.
 */
export async function openMachines(options: OpenMachinesOptions): Promise<RunMachine[]> {
  const { machines, failures } = await openReachable(options);
  if (failures.length === 0) return machines;
  await Promise.allSettled(machines.map((machine) => machine.close()));
  const reasons = failures.map(({ error }) => error);
  throw reasons.length === 1 ? reasons[0] : severalFailures(reasons);
}

/** Opens what can be reached of a site, and says what cannot. */
export async function openReachable(
  options: OpenMachinesOptions,
): Promise<{ machines: RunMachine[]; failures: { index: number; name: string; error: unknown }[] }> {
  const { site } = options;
  const names = site.kind === 'ssh' ? site.targets : [site.name];
  const settled = await Promise.allSettled(
    names.map((name, index) => openMachine(site.kind === 'ssh' ? `ssh:${name}` : 'local', index, options)),
  );
  return {
    machines: settled.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : [])),
    failures: settled.flatMap((s, index) =>
      s.status === 'rejected' ? [{ index, name: names[index] as string, error: s.reason as unknown }] : [],
    ),
  };
}

/** The machine that something of a run was left on; null: none of these. */
export function machineOf(left: { machine: number; machineName: string }, machines: readonly RunMachine[]): RunMachine | null {
  // A name that is another one's now would have its engine looked for where it never was.
  const known = (machine: RunMachine) => left.machineName === '' || machine.kind === 'local' || machine.name === left.machineName;
  return machines.find((machine) => machine.index === left.machine && known(machine)) ?? null;
}

function severalFailures(failures: readonly unknown[]): BenchError {
  const known = failures.filter((f) => BenchError.is(f));
  return new BenchError({
    code: known[0]?.code ?? 'BENCH_HOST_UNREACHABLE',
    message: failures.map(messageOf).join('\n'),
    hint: [...new Set(known.flatMap((f) => f.hint ?? []))].join('\n') || undefined,
    exitCode: known[0]?.exitCode ?? 3,
    cause: failures[0],
  });
}

async function openMachine(target: string, index: number, options: OpenMachinesOptions): Promise<RunMachine> {
  const host = await options.io.connect(target);
  try {
    if (options.bootstrap === true) await prepare(host, options);
    const { site } = options;
    const name = site.kind === 'ssh' ? (site.targets[index] ?? host.name) : host.name;
    return await lookAt(host, { index, name, label: site.kind === 'ssh' ? `ssh:${name}` : site.name, kind: host.kind }, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** Installs what the tasks need and the host lacks. `fresh`: it was rented a moment ago. */
export async function prepare(
  host: Host,
  { io, tasks, on }: Pick<OpenMachinesOptions, 'io' | 'tasks' | 'on'>,
  { fresh = false, gpu }: { fresh?: boolean; gpu?: string | null } = {},
): Promise<void> {
  const asked = (key: 'driver_version' | 'cuda_version') => {
    const versions = [...new Set(tasks.flatMap((task) => task.resolved.deploy[key] ?? []))];
    if (versions.length <= 1) return versions[0];
    throw new BenchError({
      code: 'BENCH_BOOTSTRAP_VERSION',
      message: `the variants ask for several values of deploy.${key}: ${versions.join(', ')}`,
      hint: 'run them one after another, with --filter',
      exitCode: EXIT.usage,
    });
  };
  await bootstrap(
    host,
    { driverVersion: asked('driver_version'), cudaVersion: asked('cuda_version'), ...(gpu === undefined ? {} : { gpu }) },
    { io, fresh, on: (event) => on?.({ type: 'bootstrap', machine: host.name, event }) },
  );
}

/** What a machine is to its run, and to its user: `label` in messages about what it is lacking. */
export interface MachineIdentity extends Pick<RunMachine, 'index' | 'name' | 'kind'> {
  label: string;
}

/** Looks at an open host: what is there, where things lie. The answer closes the host. */
export async function lookAt(host: Host, who: MachineIdentity, options: OpenMachinesOptions): Promise<RunMachine> {
  const { index, name, kind, label } = who;
  const { io, site, tasks } = options;
  const { signal } = io;
  const engines = options.engines ?? BUILTIN_ENGINES;
  const asProcess = site.kind === 'local';
  const used = tasks.filter((t) => t.kind === 'inference').map((t) => engineOf(t.resolved, engines).engine);
  const needsContainers = !asProcess && (options.containers === true || tasks.some((t) => t.kind !== 'command'));
  const [system, programs, inspection, folders] = await Promise.all([
    systemInfo(host, { signal }),
    asProcess ? findPrograms({ engines: used, folders: options.programFolders, host, signal }) : {},
    needsContainers ? inspectContainers(host, { signal }) : undefined,
    hostFolders(host, { modelDir: options.modelDir, signal }),
  ]);
  const { vendor, gpus: all } = siteGpus(system);
  const docker = inspection?.facts?.docker;
  const taken =
    docker && all.length > 0 ? await gpusInUse({ host, docker, runId: options.runId ?? null, signal }) : new Map<string, string>();
  const gpus = all.filter(({ id }) => !taken.has(id));
  for (const run of new Set(taken.values())) {
    const ids = all.flatMap(({ id }) => (taken.get(id) === run ? [id] : []));
    if (ids.length === 0) continue;
    const which = ids.length === 1 ? `GPU ${ids[0]} is` : `GPUs ${ids.join(', ')} are`;
    io.logger.log('warn', `${name}: ${which} left out, run ${run} is up there (bench teardown ${run})`);
  }
  for (const gpu of busyGpus(gpus))
    io.logger.log(
      'warn',
      `${name}: ${gpu.memoryUsedMiB} MiB of GPU ${gpu.id} (${gpu.name}) are in use by something else; an idle one is taken first`,
    );
  return {
    index,
    name,
    kind,
    host,
    system,
    gpuVendor: vendor,
    gpus,
    ...(inspection === undefined ? {} : { containers: inspection.facts }),
    targets: siteTargets(site.kind, { engines, cwd: options.cwd }),
    folders,
    facts: async ({ runId, id, dir, ports }) => ({
      site: label,
      gpuVendor: vendor,
      gpus,
      freePorts: ports ? await freePorts(host, gpus.length + SPARE_PORTS, { io }) : [],
      deploymentId: id,
      namePrefix: `bench-${runId}-${id}`,
      deploymentDir: dir,
      hostDir: `${folders.run(runId)}/${id}`,
      modelDir: folders.models,
      ...(inspection === undefined ? {} : { containers: inspection.facts, containersProblem: inspection.problem }),
      expose: options.expose ?? false,
      programs,
    }),
    close: () => host.close(),
  };
}
