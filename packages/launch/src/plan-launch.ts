import { BenchError, requireNodeNames, sameNode, seedOf } from '@bench/core';
import { hostfileText, launchLine } from './launchers/launch-line.ts';
import { sharesCpus } from './launchers/srun.ts';
import { wrapForRanks } from './rank-wrapper.ts';
import { findTopology } from './topology.ts';
import type { Allocation, LaunchContext, LaunchDraft, LaunchPlan, LaunchRequest, PlanFile } from './types.ts';

/** What a program needs to be found and to find its libraries; and families of settings that must be equal on all nodes. */
const EXPORTED = /^(PATH|LD_LIBRARY_PATH|PYTHONPATH|VIRTUAL_ENV|CONDA_PREFIX|(NCCL|UCX|FI|OMP|MKL|TORCH|PYTORCH|BENCH)_\w+)$/;

/**
 * All that a launch will do, as data. Pure: the same three give the same plan.
 * @throws BenchError `BENCH_TOPOLOGY`, `BENCH_CPU_BIND`, `BENCH_NO_MPI` (several nodes and no launcher for them), `BENCH_NODE_NAME`, `BENCH_USAGE` (no command).
 */
export function planLaunch(request: LaunchRequest, allocation: Allocation, context: LaunchContext): LaunchPlan {
  if (request.command.length === 0) throw usage('there is no command to launch', 'put it after --: bench launch -- python3 train.py');
  const { launcher, id } = context;
  const { topology, notes } = findTopology(request, allocation);
  const asked = (request.nodeNames ?? allocation.nodes).slice(0, topology.nodes);
  requireNodeNames(asked, 'nodes of the launch');
  const nodes = launcher.flavour === 'openmpi' ? ownFirst(asked, context) : asked;
  refuseForeignNodes(nodes, allocation);
  if (launcher.flavour === 'local') refuseRemote(nodes, context);
  const master = {
    address: topology.nodes === 1 ? '127.0.0.1' : (allocation.addresses[nodes[0] ?? ''] ?? nodes[0] ?? ''),
    port: request.masterPort ?? 20_000 + (seedOf('master port', id) % 10_000),
  };
  const env: Record<string, string> = { PYTHONUNBUFFERED: '1', ...request.env, BENCH_LAUNCH_ID: id };
  const chosen = nodes.length !== allocation.nodes.length || nodes.some((node, i) => node !== allocation.nodes[i]);
  const hostfile = hostfileOf({ nodes, topology, launcher, allocation, request, folder: context.folder });
  const plugin = context.plugins.find(({ name }) => name === launcher.flavour);
  const draft: LaunchDraft = {
    allocation,
    topology,
    launcher,
    nodes,
    hostfile: hostfile?.path ?? null,
    chosen,
    cpuBind: request.cpuBind ?? context.cpuBind ?? profileBind(allocation, context),
    label: request.label ?? false,
    exports: [...new Set([...context.variables.filter((name) => EXPORTED.test(name)), ...Object.keys(env)])].sort(),
    passThrough: [...(allocation.jobId === null ? [] : (allocation.machine?.launcher_args ?? [])), ...(request.passThrough ?? [])],
    root: context.root,
    starter: context.starter,
    command: wrapForRanks({ command: request.command, flavour: launcher.flavour, read: plugin?.rankScript, master, ...topology }),
  };
  if (launcher.flavour === 'srun' && hostfile) env.SLURM_HOSTFILE = hostfile.path;
  return {
    id,
    allocation,
    topology,
    launcher,
    nodes,
    argv: launchLine(draft, context.plugins),
    env,
    files: hostfile ? [hostfile] : [],
    notes: [...allocation.notes, ...notes, ...remarks(draft, asked)],
    master,
    labelled: draft.label,
  };
}

/** Open MPI counts ranks from the node that it is started on, in whatever order a hostfile names them. Seen with 4.1. */
function ownFirst(nodes: readonly string[], { hostname }: LaunchContext): string[] {
  const own = nodes.filter((node) => sameNode(node, hostname));
  return [...own, ...nodes.filter((node) => !own.includes(node))];
}

function remarks(draft: LaunchDraft, asked: readonly string[]): string[] {
  const { topology, allocation, launcher, root } = draft;
  const notes: string[] = [];
  if (draft.nodes[0] !== asked[0]) notes.push(`rank 0 is on ${draft.nodes[0]}: Open MPI counts from the node that it is started on`);
  if (launcher.flavour === 'openmpi' && root) notes.push('Open MPI is told to run as root');
  if (launcher.flavour === 'srun' && sharesCpus(draft)) {
    notes.push(
      `${topology.ranksPerNode} ranks on a node have ${allocation.cpusPerNode} CPU${allocation.cpusPerNode === 1 ? '' : 's'} between them: ask for more with --cpus-per-task`,
    );
  }
  return notes;
}

/** srun has its own list of nodes, and needs a file only to keep an order that is not its own. */
function hostfileOf(
  facts: Pick<LaunchDraft, 'nodes' | 'topology' | 'launcher' | 'allocation'> & { request: LaunchRequest; folder: string },
): PlanFile | null {
  if (facts.launcher.flavour === 'srun' && ordersItself(facts)) return null;
  const content = hostfileText(facts);
  return content === null ? null : { path: `${facts.folder}/hostfile`, content, mode: 0o644 };
}

/** Are the nodes in Slurm's own order, so that rank 0 is on the first of them? */
function ordersItself({
  nodes,
  allocation,
  request,
}: {
  nodes: readonly string[];
  allocation: Allocation;
  request: LaunchRequest;
}): boolean {
  if (request.hostfile !== undefined || allocation.hostfile !== null) return false;
  const places = nodes.map((node) => allocation.nodes.indexOf(node));
  return places.every((place, i) => i === 0 || place > (places[i - 1] ?? -1));
}

/** A profile's words are for the launcher that it means, inside of a job. */
function profileBind({ machine, jobId }: Allocation, { launcher }: LaunchContext): string | null {
  if (jobId === null || machine?.cpu_bind === undefined) return null;
  return machine.mpi === undefined || machine.mpi === launcher.flavour ? machine.cpu_bind : null;
}

function refuseForeignNodes(nodes: readonly string[], allocation: Allocation): void {
  const foreign = nodes.find((node) => !allocation.nodes.includes(node));
  if (foreign !== undefined) throw usage(`node ${foreign} is not in this allocation`, `its nodes are: ${allocation.nodes.join(', ')}`);
}

function refuseRemote(nodes: readonly string[], { hostname }: LaunchContext): void {
  const remote = nodes.find((node) => node !== 'localhost' && node !== '127.0.0.1' && !sameNode(node, hostname));
  if (remote === undefined) return;
  throw new BenchError({
    code: 'BENCH_NO_MPI',
    message: `ranks on ${remote} need a launcher: without MPI they are started on this machine (${hostname}) alone`,
    hint: 'install Open MPI or MPICH, load the module that brings one, or name a program with --launcher',
    exitCode: 3,
  });
}

const usage = (message: string, hint: string) => new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: 2 });
