import { BenchError } from '@bench/core';
import { adaptivePoints, BUILTIN_ENGINES, EMBEDDED_IMAGE, type Engine, engineOf, type Task } from '@bench/recipe';
import { stagePathProblem } from '../command/staging.ts';
import { gpusEach } from '../compose/lay-out.ts';
import type { Problem } from '../contract.ts';
import { clientsOf, serviceOf } from '../service/record.ts';
import { batchEngine } from './batch-engine.ts';
import { batchImage, type BatchRuntime } from './image.ts';
import { batchCache, batchPaths } from './layout.ts';
import { SEPARATORS } from './set-up.ts';

/** What is known of a cluster before anything is sent there. */
export interface BatchFacts {
  engines?: readonly Engine[];
  /** Absolute folder on the cluster, where it is known already. */
  remoteDir?: string;
}

/** Why a task cannot be jobs of a queue; empty: it can. What the queue itself would refuse is not looked at here. */
export function checkBatch(task: Task, facts: BatchFacts = {}): Problem[] {
  const name = `${task.recipe}/${task.variant}`;
  const unfit = (message: string, hint: string): Problem => ({ code: 'BENCH_SITE_UNFIT', message: `${name}: ${message}`, hint });
  const runtime = task.kind === 'command' ? 'none' : (task.resolved.slurm?.runtime ?? 'apptainer');
  const kinds = { inference: inferenceProblems, service: serviceProblems, command: commandProblems };
  return [...slurmProblems(task, { runtime, facts, unfit }), ...kinds[task.kind](task, { runtime, facts, unfit })];
}

interface Check {
  runtime: BatchRuntime;
  facts: BatchFacts;
  unfit(message: string, hint: string): Problem;
}

function slurmProblems(task: Task, { runtime, facts, unfit }: Check): Problem[] {
  const { slurm } = task.resolved;
  const problems: Problem[] = [];
  for (const module of slurm?.modules ?? [])
    if (module.startsWith('-')) problems.push(unfit(`slurm.modules: "${module}" would be an option of the module command`, 'name modules'));
  if (facts.remoteDir !== undefined && runtime !== 'none' && SEPARATORS.test(facts.remoteDir))
    problems.push(
      unfit(
        `containers cannot be given the folder ${JSON.stringify(facts.remoteDir)}: its name holds : or ,`,
        'set providers.slurm.remote_dir',
      ),
    );
  if (runtime === 'charliecloud' && (slurm?.binds ?? []).some((bind) => bind.endsWith(':ro')))
    problems.push(unfit('slurm.binds: Charliecloud cannot mount a folder read-only', 'leave out ":ro", or use another slurm.runtime'));
  return problems;
}

function inferenceProblems(task: Task, { runtime, facts, unfit }: Check): Problem[] {
  const engines = facts.engines ?? BUILTIN_ENGINES;
  const { llm } = engineOf(task.resolved, engines);
  const { deploy, benchmark } = task.resolved;
  const problems: Problem[] = [];
  const each = gpusEach(llm);
  if (deploy.gpu !== undefined && deploy.gpu_count > each)
    problems.push(
      unfit(
        `${deploy.gpu_count} GPUs at ${each} an engine are several engines behind a balancer, and a job is one`,
        `set deploy.gpu_count to ${each}, or raise data_parallel_size`,
      ),
    );
  if (deploy.gpu !== undefined && deploy.gpu_count < each)
    problems.push({
      code: 'BENCH_GPU_UNFIT',
      message: `${task.recipe}/${task.variant}: the engine needs ${each} GPUs (tensor × pipeline × data parallel), and deploy.gpu_count is ${deploy.gpu_count}`,
      hint: `set deploy.gpu_count to ${each}`,
    });
  if (Object.keys(llm.docker_options).length > 0)
    problems.push(unfit('docker_options are for Docker Compose, which a queue does not have', 'leave them out'));
  if (adaptivePoints(task) !== null)
    problems.push(
      unfit(
        `benchmark.${benchmark?.search ? 'search' : 'sweep: auto'} chooses each load by what the one before measured, and clients in a queue are given all their loads beforehand`,
        'name the loads in benchmark.sweep, or run it on a host (--on ssh:HOST)',
      ),
    );
  const client = benchmark?.client ?? 'bench';
  if (client !== 'bench')
    problems.push(unfit(`benchmark.client "${client}" runs beside the engine; in a queue clients are jobs of bench`, 'leave it out'));
  const place = { remoteDir: facts.remoteDir ?? '/bench', runId: 'r0', deploymentId: 'd0' };
  try {
    const { image } = batchEngine(task, { engines, runtime, gpus: null, paths: batchPaths(place), cache: batchCache(place.remoteDir) });
    if (image?.uri?.endsWith(EMBEDDED_IMAGE) === true)
      problems.push(
        unfit(
          `no registry has the image ${EMBEDDED_IMAGE}`,
          'set slurm.runtime: none with the engine installed on the nodes, or name an image: engine.llm.embedded.image',
        ),
      );
    if (deploy.gpu !== undefined && runtime === 'charliecloud' && image?.uri != null) problems.push(charliecloudGpus(unfit));
  } catch (error) {
    if (!BenchError.is(error)) throw error;
    problems.push({ code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
  return problems;
}

function serviceProblems(task: Task, { runtime, unfit }: Check): Problem[] {
  const service = serviceOf(task);
  const parts = [
    { name: 'service', section: service, image: service.image },
    ...clientsOf(task).map(({ name, section }) => ({ name: `clients.${name}`, section, image: section.image ?? service.image })),
  ];
  return parts.flatMap(({ name, section, image }) => {
    const problems: Problem[] = [];
    const { volumes, command, resources } = section;
    if (command === undefined)
      problems.push(
        unfit(
          `${name} leaves its command to the image, and runtimes of clusters know of no entrypoints`,
          `say what it runs: ${name}.command`,
        ),
      );
    if (runtime === 'none' && volumes.length > 0)
      problems.push(unfit(`${name}.volumes are for containers, and slurm.runtime is none`, 'leave them out'));
    if (runtime === 'charliecloud' && volumes.some(({ read_only }) => read_only))
      problems.push(unfit(`${name}.volumes: Charliecloud cannot mount a folder read-only`, 'leave out ":ro"'));
    if (runtime !== 'none' && volumes.some(({ source, target }) => SEPARATORS.test(source ?? '') || SEPARATORS.test(target)))
      problems.push(unfit(`${name}.volumes: containers of clusters cannot be given a folder with : or , in its name`, 'rename it'));
    if (runtime !== 'none' && image === '')
      problems.push({
        code: 'BENCH_IMAGE_MISSING',
        message: `${task.recipe}/${task.variant}: ${name} has no image`,
        hint: `name one: ${name}.image`,
      });
    if (runtime === 'charliecloud' && (resources.gpus ?? 0) > 0 && batchImage(image, { runtime, folder: '/' }).uri !== null)
      problems.push(charliecloudGpus(unfit));
    if (service.ready && 'http' in service.ready && name === 'service' && /[^\x21-\x7e]/.test(service.ready.http))
      problems.push(unfit('service.ready.http holds blanks or characters that a URL has not', 'write them as %20'));
    return problems;
  });
}

function commandProblems(task: Task, { unfit }: Check): Problem[] {
  const { command } = task.resolved;
  const staged = (command?.stage ?? []).flatMap((path) => {
    const problem = stagePathProblem(path);
    return problem === null
      ? []
      : [
          {
            code: 'BENCH_STAGE' as const,
            message: `${task.recipe}/${task.variant}: command.stage: ${problem}`,
            hint: 'run bench from the folder that holds it',
          },
        ];
  });
  const outside = (command?.result_files ?? []).filter((pattern) => pattern.startsWith('/') || pattern.split('/').includes('..'));
  return [
    ...staged,
    ...outside.map((pattern) =>
      unfit(`command.result_files: "${pattern}" is outside of $task_dir`, 'have the command write it to $task_dir'),
    ),
  ];
}

const charliecloudGpus = (unfit: Check['unfit']) =>
  unfit(
    'Charliecloud has the libraries of GPUs only in images that were given them',
    'make one with ch-fromhost and name its folder as the image, or use apptainer',
  );
