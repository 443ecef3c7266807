import { BenchError, EXIT, type Host } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';

/** A container that bench's deployments were given GPUs with. */
export interface GpuHolder {
  /** Its compose project. */
  project: string;
  /** The run that it is of. */
  run: string;
  /** Of Docker. */
  id: string;
  /** By the daemon's clock, RFC 3339 with nanoseconds. */
  created: string;
  /** Ids of its GPUs. */
  gpus: readonly string[];
}

/** Begins the compose project of every deployment: `bench-<run id>-<deployment id>`. */
const PROJECT = /^bench-(r[a-z0-9]{9})-/;
const LABEL = 'com.docker.compose.project';
const FORMAT = `{{index .Config.Labels "${LABEL}"}} {{.Id}} {{.Created}} {{json .HostConfig.DeviceRequests}}`;
/** Those that have ended hold nothing. */
const STATES = ['created', 'running', 'paused', 'restarting'].flatMap((state) => ['--filter', `status=${state}`]);
const LOOK_MS = 60_000;

/**
 * Containers of bench that were given GPUs by their ids, of every run and user of this Docker. Containers that are not bench's are not
 * judged: a monitor of GPUs is given all of them and uses none.
 */
export async function gpuHolders(o: { host: Host; docker: ContainerFacts['docker']; signal: AbortSignal }): Promise<GpuHolder[]> {
  const look = (argv: readonly string[]) =>
    o.host.exec({ argv: [...o.docker, ...argv] }, { timeoutMs: LOOK_MS, repeatable: true, signal: o.signal });
  const { stdout } = await look(['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${LABEL}`, ...STATES]);
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length === 0) return [];
  return (await look(['inspect', '--format', FORMAT, ...ids])).stdout.split('\n').flatMap((line) => {
    const [, project, id, created, requests] = /^(\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
    const run = PROJECT.exec(project ?? '')?.[1];
    const gpus = deviceIds(requests ?? '');
    return run === undefined || gpus.length === 0
      ? []
      : [{ project: project as string, run, id: id as string, created: created as string, gpus }];
  });
}

/**
 * Makes sure that nobody else was given the GPUs of a project between the look at what is free and the making of its containers. Of two
 * containers with one GPU the later sees the other, whichever run looks first, so one of two runs always gives way and no lock is left behind.
 * @throws BenchError `BENCH_GPU_TAKEN`, naming the run that was earlier.
 */
export async function refuseTakenGpus(o: {
  host: Host;
  docker: ContainerFacts['docker'];
  project: string;
  signal: AbortSignal;
}): Promise<void> {
  const holders = await gpuHolders(o);
  const own = holders.filter(({ project }) => project === o.project);
  for (const mine of own) {
    for (const other of holders) {
      if (other.project === o.project || !isEarlier(other, mine)) continue;
      const shared = mine.gpus.filter((gpu) => other.gpus.includes(gpu));
      if (shared.length === 0) continue;
      throw new BenchError({
        code: 'BENCH_GPU_TAKEN',
        message: `${shared.length === 1 ? 'GPU' : 'GPUs'} ${shared.join(', ')} of ${o.host.name} went to run ${other.run} a moment before`,
        hint: `when that run is done, bench rerun goes on with this one; bench teardown ${other.run} ends it`,
        exitCode: EXIT.missingPart,
      });
    }
  }
}

/** Docker leaves zeros at the end of a fraction out, so the texts are not compared as they are. */
function isEarlier(a: GpuHolder, b: GpuHolder): boolean {
  const [x, y] = [nanoseconds(a.created), nanoseconds(b.created)];
  return x === y ? a.id < b.id : x < y;
}

function nanoseconds(at: string): bigint {
  const fraction = /\.(\d{1,9})/.exec(at)?.[1] ?? '';
  const whole = Date.parse(at.replace(/\.\d+/, ''));
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function deviceIds(json: string): string[] {
  try {
    const requests = JSON.parse(json) as { DeviceIDs?: string[] | null }[] | null;
    return (requests ?? []).flatMap((request) => request.DeviceIDs ?? []);
  } catch {
    return [];
  }
}
