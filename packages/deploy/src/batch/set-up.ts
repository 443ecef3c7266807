import { quote } from '@bench/host';
import type { BatchGpus } from './gpus.ts';
import type { BatchRuntime } from './image.ts';

/** A folder of the cluster in a container. `scratch`: below the job's own folder on its node. */
export interface BatchMount {
  from: { path: string } | { scratch: string };
  to: string;
  readOnly: boolean;
}

/** What the name of a folder may not hold where a container is given it: the runtimes read source, target and options as one word. */
export const SEPARATORS = /[:,\n]/;

/** Where things are inside a container. */
export const INSIDE = { job: '/bench/job', output: '/bench/output', models: '/bench/models', weights: '/bench/weights' } as const;

/**
 * Reads the job's variables from a file, removes it, and becomes the command: no value is ever an argument, read twice by a shell, or left on the node by a
 * job that is killed. The variables may have changed PATH.
 */
const WITH_ENV = '. "$1" && { rm -f -- "$1" || /bin/rm -f -- "$1" || :; } 2> /dev/null && shift && exec "$@"';
/** What tells a program of the job's GPUs, the way to the network, and its share of the node. */
const PASSED =
  'CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GPU_DEVICE_ORDINAL ZE_AFFINITY_MASK ' +
  'http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY OMP_NUM_THREADS HF_HUB_OFFLINE ' +
  'SLURM_JOB_ID SLURM_JOB_NODELIST SLURM_NNODES SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURMD_NODENAME';

/**
 * The functions `set_up` and `pass_variables`. The first makes the job's folders, the array `enter`, which a file of variables and a command come behind,
 * and `job_inside`: how those name `$scratch/job`.
 */
export function renderSetUp(o: { runtime: BatchRuntime; gpus: BatchGpus; mounts: readonly BatchMount[]; models: boolean }): string {
  return o.runtime === 'none' ? onTheNode(o) : inContainer(o);
}

function onTheNode({ models }: { models: boolean }): string {
  return `
set_up() {
  mkdir -p -- "$scratch/job" "$scratch/tmp"
  job_inside=$scratch/job
  enter=(sh -c ${quote(WITH_ENV)} sh)
}

pass_variables() {
  printf 'export TMPDIR=%s CUDA_DEVICE_ORDER=PCI_BUS_ID\\n' "$(sh_word "$scratch/tmp")"
${models ? `  printf 'export HF_HOME=%s\\n' "$(sh_word "\${HF_HOME:-$models}")"\n` : ''}}
`;
}

function inContainer({
  runtime,
  gpus,
  mounts,
  models,
}: {
  runtime: BatchRuntime;
  gpus: BatchGpus;
  mounts: readonly BatchMount[];
  models: boolean;
}): string {
  const all: BatchMount[] = [
    { from: { scratch: 'job' }, to: INSIDE.job, readOnly: false },
    // What other jobs left in the node's /tmp is none of this one's.
    ...(runtime === 'charliecloud' ? [] : ['/tmp', '/var/tmp'].map((to) => ({ from: { scratch: 'tmp' }, to, readOnly: false }))),
    ...mounts,
  ];
  const own = [...new Set(['job/home', 'tmp', ...all.flatMap(({ from }) => ('scratch' in from ? [from.scratch] : []))])];
  const binds = [...all.map(bindWord), ...(models ? [`"\${HF_HOME:-$models}:${INSIDE.models}"`] : [])];
  const targets = [...all.map(({ to }) => to), ...(models ? [INSIDE.models] : [])];
  return `
set_up() {
  case $scratch\${HF_HOME:-} in *[:,]*) finish 1 "a container cannot be given a folder with : or , in its name: TMPDIR or HF_HOME" ;; esac
  job_inside=${INSIDE.job}
  mkdir -p -- ${own.map((name) => `"$scratch/"${quote(name)}`).join(' ')}
${models ? '  mkdir -p -- "${HF_HOME:-$models}"\n' : ''}${runtime === 'charliecloud' ? charliecloud(binds, targets) : apptainer(runtime, gpus, binds)}}

pass_variables() {
  local name
  for name in ${PASSED}; do
    if [ -n "\${!name+set}" ]; then printf 'export %s=%s\\n' "$name" "$(sh_word "\${!name}")"; fi
  done
  printf '%s\\n' 'export PATH="\${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" HOME=${INSIDE.job}/home TMPDIR=/tmp CUDA_DEVICE_ORDER=PCI_BUS_ID'
${models ? `  printf 'export HF_HOME=%s\\n' ${INSIDE.models}\n` : ''}}
`;
}

function apptainer(runtime: BatchRuntime, gpus: BatchGpus, binds: readonly string[]): string {
  const flag = { nvidia: '--nv', amd: '--rocm', any: null }[gpus ?? 'any'];
  const auto = `  if [ -e /dev/nvidiactl ]; then enter+=(--nv); elif [ -e /dev/kfd ]; then enter+=(--rocm); fi\n`;
  return `  enter=(${runtime} exec --cleanenv --no-home --pwd /tmp)
${gpus === null ? '' : flag === null ? auto : `  enter+=(${flag})\n`}${binds.map((bind) => `  enter+=(--bind ${bind})\n`).join('')}  enter+=("$image" sh -c ${quote(WITH_ENV)} sh)
`;
}

/** A folder of an image must be there to be mounted on; the host's TMPDIR becomes the container's /tmp. */
function charliecloud(binds: readonly string[], targets: readonly string[]): string {
  return `  local target
  for target in ${targets.map(quote).join(' ')}; do
    [ -e "$image$target" ] || mkdir -p -- "$image$target" || finish 1 "the image $image has no folder $target to mount on"
  done
  enter=(env "TMPDIR=$scratch/tmp" ch-run '--unset-env=*' --cd=/tmp)
  if [ -e "$image/ch/environment" ]; then enter+=(--set-env); fi
${binds.map((bind) => `  enter+=(--bind ${bind})\n`).join('')}  enter+=("$image" -- sh -c ${quote(WITH_ENV)} sh)
`;
}

function bindWord({ from, to, readOnly }: BatchMount): string {
  const source = 'scratch' in from ? `"$scratch/"${quote(from.scratch)}` : quote(from.path);
  return `${source}${quote(`:${to}${readOnly ? ':ro' : ''}`)}`;
}
