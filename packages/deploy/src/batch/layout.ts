import { posix } from 'node:path';
import { BATCH_FILES, type BatchStateName, BenchError } from '@bench/core';

/** Where a run's deployment lies on the cluster. */
export interface BatchPlace {
  /** Absolute folder on the cluster's shared file system, the same path on every node. */
  remoteDir: string;
  runId: string;
  deploymentId: string;
}

/** Folders that runs share, by content or by name: nothing in them belongs to one run. */
export interface BatchCache {
  root: string;
  /** Programs and prompt files, each named by the hash of its content. */
  files: string;
  /** Images: `<name>-<tag>-<hash of the reference>.sif`, or a folder of that name without the ending. */
  images: string;
  /** Weights that engines download; `HF_HOME`. */
  models: string;
}

/** Absolute paths of one deployment on the cluster. The names are those of `BATCH_FILES`. */
export interface BatchPaths {
  /** All of the run; mode 0700. */
  run: string;
  /** What rebuilds the run's folder on another machine. */
  runFiles: string;
  /** All of the deployment. */
  root: string;
  serviceScript: string;
  commandScript: string;
  clientScript(i: number): string;
  serviceEnv: string;
  /** Each client has variables of its own. */
  clientEnv(i: number): string;
  apiKey: string;
  engineLog: string;
  serviceOut: string;
  telemetry: string;
  enginePid: string;
  clientOut(i: number): string;
  clientLog(i: number): string;
  stateFolder: string;
  state(name: BatchStateName): string;
  order(k: number): string;
  clientPlan: string;
  clients: string;
  client(i: number): string;
  /** What client `i` measured of load `k`; with `k` 0 the output folder of a service's client or of a command. */
  result(i: number, k: number): string;
  /** What a command staged: `$repo_dir`. */
  repo: string;
  /** Working folder of a command: `$task_dir`. */
  task: string;
  /** Folders of the recipe that containers mount. */
  volumes: string;
  /** Weights of the recipe's own folder. */
  models: string;
}

/** @throws BenchError `BENCH_SITE_UNFIT` when the folder is no absolute path. */
export function batchCache(remoteDir: string): BatchCache {
  const root = posix.join(absolute(remoteDir), 'cache');
  return { root, files: posix.join(root, 'files'), images: posix.join(root, 'images'), models: posix.join(root, 'models') };
}

/** Folder of a run. @throws BenchError `BENCH_SITE_UNFIT` when the folder is no absolute path. */
export function batchRunFolder(remoteDir: string, runId: string): string {
  return posix.join(absolute(remoteDir), safeName(runId));
}

/** @throws BenchError `BENCH_SITE_UNFIT` when the folder is no absolute path, or an id no name of a folder. */
export function batchPaths(place: BatchPlace): BatchPaths {
  const run = batchRunFolder(place.remoteDir, place.runId);
  const root = posix.join(run, safeName(place.deploymentId));
  const at = (name: string) => posix.join(root, name);
  return {
    run,
    runFiles: posix.join(run, 'run'),
    root,
    serviceScript: at(BATCH_FILES.serviceScript),
    commandScript: at(BATCH_FILES.commandScript),
    clientScript: (i) => at(BATCH_FILES.clientScript(i)),
    serviceEnv: at(BATCH_FILES.serviceEnv),
    clientEnv: (i) => at(`client-${i}.env`),
    apiKey: at(BATCH_FILES.apiKey),
    engineLog: at(BATCH_FILES.engineLog),
    serviceOut: at(BATCH_FILES.serviceOut),
    telemetry: at(BATCH_FILES.telemetry),
    enginePid: at(BATCH_FILES.enginePid),
    clientOut: (i) => at(BATCH_FILES.clientOut(i)),
    clientLog: (i) => at(BATCH_FILES.clientLog(i)),
    stateFolder: at(BATCH_FILES.stateFolder),
    state: (name) => at(BATCH_FILES.state(name)),
    order: (k) => at(BATCH_FILES.order(k)),
    clientPlan: at(BATCH_FILES.clientPlan),
    clients: at(BATCH_FILES.clientsFolder),
    client: (i) => at(BATCH_FILES.client(i)),
    result: (i, k) => at(BATCH_FILES.result(i, k)),
    repo: at('repo'),
    task: at('task'),
    volumes: at('volumes'),
    models: at('models'),
  };
}

function absolute(folder: string): string {
  if (posix.isAbsolute(folder)) return posix.normalize(folder);
  throw new BenchError({
    code: 'BENCH_SITE_UNFIT',
    message: `the folder on the cluster must be an absolute path, not "${folder}"`,
    hint: 'set providers.slurm.remote_dir',
    exitCode: 2,
  });
}

/** A name that is a folder's own and nothing more. */
function safeName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(name) && !['cache', 'run'].includes(name)) return name;
  throw new BenchError({ code: 'BENCH_SITE_UNFIT', message: `"${name}" cannot be the name of a folder on the cluster`, exitCode: 2 });
}
