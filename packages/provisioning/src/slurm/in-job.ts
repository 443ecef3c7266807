import type { MachineRef } from '../contract/machine.ts';
import type { SlurmTools } from './tools.ts';

export interface InJobOptions {
  /** How long it may take in all, milliseconds. Default 20 000. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 20_000;
/** How long srun waits for a job that has no room for the step, seconds. */
const ROOM_S = 5;

/** The arguments of `srun` for a step of a job that there is. Without a job id srun asks the queue for nodes of its own: there always is one here. */
export function stepArgs(id: string, command: readonly string[]): string[] {
  return [
    `--jobid=${id}`,
    '--overlap',
    '--nodes=1',
    '--ntasks=1',
    `--immediate=${ROOM_S}`,
    // Minutes: what a connection that breaks leaves behind ends too.
    '--time=1',
    '--mpi=none',
    '--job-name=bench-look',
    '--quiet',
    '--',
    ...command,
  ];
}

/** Runs a command as a step of a job; null: it cannot be had, for whatever reason. */
export async function inJob(o: {
  ref: MachineRef;
  command: readonly string[];
  tools: SlurmTools;
  common: readonly string[];
  options: InJobOptions | undefined;
}): Promise<string | null> {
  const { ref, command, tools, common, options = {} } = o;
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  // Tasks of an array and parts of a job have other numbers than jobs of bench.
  if (!/^[1-9]\d*$/.test(ref.id)) return null;
  try {
    const answer = await tools.run({ op: 'look', tool: 'srun', args: [...common, ...stepArgs(ref.id, command)], timeoutMs, signal });
    return answer.code === 0 ? answer.stdout : null;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}
