import { BenchError, EXIT } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { MachineSpec } from '../contract/machine.ts';
import { slurmOptions, type SlurmDirectives } from './directives.ts';
import { PROVIDER } from './explain.ts';
import { offerDataSchema } from './offers.ts';
import type { SlurmSettings } from './settings.ts';

/** A call of sbatch. Deterministic: equal specs make equal ones. */
export interface Submission {
  argv: readonly ['sbatch', ...string[]];
  /** On its stdin. */
  script: string;
  /** Where it is called, and the job runs. */
  folder: string;
  /** Where the job writes, relative to the folder. */
  log: string;
}

/** `%` and `\` are patterns of sbatch in the name of a file. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const PATH = /^[^\u0000-\u001f%\\]+$/;
/** Slurm refuses a script that is longer: `max_script_size` of slurm.conf, by default. */
const MOST_SCRIPT_BYTES = 4 * 1024 * 1024;

/**
 * How a job is submitted. What the workload does not ask for is taken from the offer (partition, GPUs), then from the settings (account, qos). Options on
 * the command line hold against variables such as SBATCH_PARTITION of the login host and against the lines of the script.
 * @throws BenchError for what cannot be submitted
 */
export function submissionOf(spec: MachineSpec, settings: SlurmSettings): Submission {
  const { workload } = spec;
  if (workload.kind !== 'batch') {
    throw providerError({
      kind: 'unsupported',
      provider: PROVIDER,
      op: 'create',
      message: `it runs batch jobs, and no ${workload.kind === 'vm' ? 'virtual machines' : 'containers of a cloud'}`,
      hint: 'use --on slurm with it',
    });
  }
  const { script, folder = `${settings.remote_dir}/${spec.run}`, log = `${spec.name}.log` } = workload;
  checkScript(script);
  for (const path of [folder, log])
    if (!PATH.test(path)) throw wrong(`${JSON.stringify(path)} cannot be a path of a job: no %, \\ and control characters`);
  if (!/^(\/|~\/|~$)/.test(folder)) throw wrong(`the folder of a job must be absolute, or begin with ~/: ${folder}`);
  const options = slurmOptions(directivesOf(spec, workload.directives ?? {}, settings));
  return {
    argv: [
      'sbatch',
      '--parsable',
      ...(settings.cluster === undefined ? [] : [`--clusters=${settings.cluster}`]),
      `--job-name=${spec.name}`,
      '--no-requeue',
      // The job's environment is what the script makes of a fresh login, and not that of whoever submits.
      '--export=NONE',
      `--output=${log}`,
      ...options,
    ],
    script,
    folder,
    log,
  };
}

function directivesOf(spec: MachineSpec, own: SlurmDirectives, settings: SlurmSettings): SlurmDirectives {
  const data = spec.offer.data === null ? null : offerDataSchema.safeParse(spec.offer.data);
  if (data?.success === false) throw wrong(`offer ${spec.offer.id} was not made by this provider`, 'BENCH_OFFER_INVALID');
  const offer = data?.data ?? plannedOffer(spec, settings);
  const asksForGpus =
    own.gres !== undefined ||
    own.gpus !== undefined ||
    own.gpus_per_node !== undefined ||
    own.extra?.some((option) => option.startsWith('--gpus-per-'));
  const limitS = own.partition === undefined || own.partition === offer.partition ? (offer.timeLimitS ?? Infinity) : Infinity;
  return {
    ...own,
    partition: own.partition ?? offer.partition,
    account: own.account ?? settings.account,
    qos: own.qos ?? settings.qos,
    // The partition's own limit shortens a lifetime that nobody chose for this job, and no time that was asked for.
    time: Math.min(own.time ?? limitS, spec.maxLifetimeS),
    ...(asksForGpus || offer.gres === null ? {} : { gres: offer.gres }),
    comment: own.comment ?? `bench run ${spec.run}`,
  };
}

/** Nobody made the offer: words stand for what only a real one tells. */
function plannedOffer(
  { offer: { gpu } }: MachineSpec,
  settings: SlurmSettings,
): { partition: string; gres: string | null; timeLimitS: null } {
  return { partition: settings.partition ?? 'PARTITION', gres: gpu === null ? null : `gpu:TYPE:${gpu.count}`, timeLimitS: null };
}

function checkScript(script: string): void {
  if (!script.startsWith('#!')) throw wrong('the script of a job must begin with "#!": sbatch refuses it otherwise');
  if (script.includes('\0') || script.includes('\r\n'))
    throw wrong('the script of a job must hold no NUL and no line ends of DOS: sbatch refuses it');
  if (Buffer.byteLength(script) > MOST_SCRIPT_BYTES) throw wrong('the script of a job is longer than 4 MiB: sbatch refuses it');
}

function wrong(message: string, code: `BENCH_${string}` = 'BENCH_SLURM_JOB'): BenchError {
  return new BenchError({ code, message: `${PROVIDER}: ${message}`, exitCode: EXIT.usage });
}

/** The id in what `sbatch --parsable` printed: `123` or `123;cluster`. Null: it is not there. */
export function parseSubmitted(text: string): { id: string; cluster: string | null } | null {
  const found = text
    .split('\n')
    .map((line) => /^(\d+)(?:;([^\s;]+))?\s*$/.exec(line))
    .findLast((match) => match !== null);
  return found?.[1] === undefined ? null : { id: found[1], cluster: found[2] ?? null };
}
