import { quote } from '@bench/host';
import type { BatchGpus } from './gpus.ts';
import type { BatchImage, BatchRuntime } from './image.ts';
import type { BatchCache, BatchPaths } from './layout.ts';
import { noticeOf } from './notice.ts';
import { CLIENT, COMMAND_CLIENT, LOAD_CLIENT } from './scripts/client.ts';
import { IMAGE } from './scripts/image.ts';
import { PRELUDE } from './scripts/prelude.ts';
import { PROCESSES } from './scripts/processes.ts';
import { SERVICE } from './scripts/service.ts';
import { SOCKETS } from './scripts/sockets.ts';
import { STATE } from './scripts/state.ts';
import { TELEMETRY, TELEMETRY_LOOP } from './scripts/telemetry.ts';
import type { BatchTiming } from './types.ts';
import { type PortWord, shellArray } from './words.ts';

/** Exit code of a job that could not write its state: nothing else can tell then. */
export const STATE_NOT_WRITTEN = 73;

interface Common {
  paths: BatchPaths;
  cache: BatchCache;
  timing: BatchTiming;
  /** The job's own limit, seconds. */
  timeS: number | undefined;
  modules: readonly string[];
  runtime: BatchRuntime;
  image: BatchImage | null;
  /** Of {@link renderSetUp}. */
  setUp: string;
}

/** Assignments, each value as data. */
function variables(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? String(value) : quote(value)}\n`)
    .join('');
}

function head(what: string, o: Pick<Common, 'paths' | 'cache' | 'timing' | 'timeS'>): string {
  const { paths, cache, timing } = o;
  return `#!/bin/bash -l
# ${what}
# Written by bench. It holds no secret: those are in files that only their owner can read.
set -Eeuo pipefail
umask 077

${variables({
  dep: paths.root,
  state_dir: paths.stateFolder,
  cache: cache.root,
  models: cache.models,
  write_failed: STATE_NOT_WRITTEN,
  time_s: o.timeS ?? 0,
  notice_s: noticeOf(o.timeS, timing).ownS,
  grace_s: timing.graceS,
  probe_s: timing.probeS,
  pull_s: timing.pullS,
  lock_stale_s: timing.staleLockS,
})}`;
}

function runtimeVariables({ runtime, image, modules, paths }: Common, log: string): string {
  return `${variables({
    runtime,
    runtime_program: runtime === 'charliecloud' ? 'ch-run' : runtime,
    image: image?.path ?? '',
    image_uri: image?.uri ?? '',
    image_log: `${paths.root}/${log}`,
  })}modules=(${modules.map(quote).join(' ')})
`;
}

export type ReadyRule = { kind: 'http' | 'tcp' | 'log'; text: string } | { kind: 'none' };

/** The service's job. `port`: `free`: one of the node's; a number: that one; 0: it has none. */
export function serviceScript(
  o: Common & {
    command: readonly PortWord[];
    port: 'free' | number;
    ready: ReadyRule;
    readyS: number;
    prepare: string;
    sendKey: boolean;
    clients: number;
    gpus: BatchGpus;
  },
): string {
  return [
    head('The service of a deployment: brings its engine up, says where it is, and ends it.', o),
    runtimeVariables(o, 'image.log'),
    variables({
      engine_log: o.paths.engineLog,
      fixed_port: String(o.port),
      ready_kind: o.ready.kind,
      ready_text: 'text' in o.ready ? o.ready.text : '',
      ready_s: o.readyS,
      send_key: o.sendKey ? 'yes' : '',
      clients: o.clients,
      prepare: o.prepare,
      gpus: o.gpus ?? '',
      engine_pid: o.paths.enginePid,
      telemetry_log: o.paths.telemetry,
      telemetry_s: o.timing.telemetryS,
    }),
    `
engine_command() {
  command=${shellArray(o.command)}
}
`,
    o.setUp,
    STATE,
    PROCESSES,
    PRELUDE,
    SOCKETS,
    IMAGE,
    TELEMETRY,
    TELEMETRY_LOOP,
    SERVICE,
  ].join('');
}

/** A client that is a command of the recipe. */
export function commandClientScript(o: Common & { index: number; clients: number; command: readonly string[]; timeoutS: number }): string {
  const { paths, timing, index } = o;
  return [
    head('A client of a service: waits for it and runs its command.', o),
    runtimeVariables(o, `image-client-${index}.log`),
    variables({
      own: `client.${index}`,
      clients: o.clients,
      has_service: 'yes',
      output: paths.result(index, 0),
      client_log: paths.clientLog(index),
      env_file: paths.clientEnv(index),
      timeout_s: o.timeoutS,
      service_s: timing.serviceS,
      reach_s: timing.reachS,
    }),
    `
client_command() {
  command=${shellArray(o.command)}
}

after_command() { :; }
`,
    o.setUp,
    STATE,
    PROCESSES,
    PRELUDE,
    IMAGE,
    CLIENT,
    COMMAND_CLIENT,
  ].join('');
}

/** A command recipe: a client without a service. `run` and `after` are functions of bash that it calls. */
export function commandScript(o: Common & { functions: string; output: string; log: string; timeoutS: number }): string {
  return [
    head('A command of a recipe.', o),
    runtimeVariables(o, 'image.log'),
    variables({
      own: 'service',
      clients: 0,
      has_service: '',
      output: o.output,
      client_log: o.log,
      env_file: o.paths.serviceEnv,
      timeout_s: o.timeoutS,
      service_s: 0,
      reach_s: 0,
    }),
    o.functions,
    o.setUp,
    STATE,
    PROCESSES,
    PRELUDE,
    IMAGE,
    CLIENT,
    COMMAND_CLIENT,
  ].join('');
}

/** The load generator as a client. */
export function loadClientScript(
  o: Pick<Common, 'paths' | 'cache' | 'timing' | 'timeS'> & { index: number; clients: number; node: string; file: string },
): string {
  const { paths, index, clients } = o;
  return [
    head('A load client of an engine: runs the load generator, which does the rest.', o),
    variables({ own: `client.${index}`, clients, client_log: paths.clientLog(index) }),
    `
client_command() {
  command=${shellArray([o.node, o.file, '--batch', paths.root, '--client', String(index), '--of', String(clients)])}
}

drop_part() { :; }
free_lock() { :; }
`,
    STATE,
    PROCESSES,
    CLIENT,
    LOAD_CLIENT,
  ].join('');
}
