import { posix } from 'node:path';
import { parseDuration } from '@bench/core';
import { quote } from '@bench/host';
import { commandValues, deploymentKey, renderCommandTemplate } from '@bench/recipe';
import { COLLECT, LOG_NAME } from '../command/measure-command.ts';
import { commandOf } from '../command/record.ts';
import type { PlanContext } from './plan-context.ts';
import type { PlannedParts } from './plan-parts.ts';
import { commandScript } from './script.ts';
import { renderSetUp } from './set-up.ts';
import type { BatchRecord } from './types.ts';

/** Stands for the GPUs in the command until the job knows them: a word that needs no quotes anywhere. */
const GPUS = '__bench_gpu_device_ids__';

/** One job that runs a program. Its end is in `service.exit`, what it brought in `clients/0/0`. */
export function planCommand(context: PlanContext): PlannedParts {
  const { task, options, paths, cache, timing, modules, gpus } = context;
  const command = commandOf(task);
  const output = paths.result(0, 0);
  const text = posix.join(paths.root, 'run.sh');
  const script = commandScript({
    paths,
    cache,
    timing,
    timeS: context.directives.time,
    modules,
    runtime: 'none',
    image: null,
    setUp: renderSetUp({ runtime: 'none', gpus, mounts: [], models: false }),
    output,
    log: posix.join(output, LOG_NAME),
    timeoutS: Math.ceil(parseDuration(command.timeout) / 1000),
    functions: functions({ text, task: paths.task, output, patterns: command.result_files }),
  });
  const run = renderCommandTemplate(command.run, {
    ...commandValues(task.resolved, task.params).values,
    task_dir: paths.task,
    gpu_device_ids: GPUS,
    ...(command.stage.length > 0 ? { repo_dir: paths.repo } : {}),
  });
  const record: BatchRecord = {
    id: options.place.deploymentId,
    target: 'batch',
    kind: 'command',
    key: deploymentKey(task.resolved),
    engine: { name: 'command', model: '' },
    api: null,
    servedModel: '',
    address: '',
    port: 0,
    logPath: posix.join(options.deploymentDir, LOG_NAME),
    runFolder: paths.run,
    folder: paths.root,
    runtime: 'none',
    image: null,
    clients: 0,
    clientNames: [],
    healthPath: null,
    resetCachePath: null,
  };
  return {
    record,
    jobs: [{ role: 'command', index: 0, script, path: paths.commandScript, directives: context.directives, log: 'service.out' }],
    env: [
      {
        path: paths.serviceEnv,
        variables: [
          ['BENCHMARK_ID', options.place.runId],
          ['BENCHMARK_OUTPUT_DIR', paths.task],
          ['OUTPUT_DIR', paths.task],
          ...Object.entries(command.env),
        ],
      },
    ],
    files: [{ path: text, content: run, mode: 0o600, secret: false }],
    copies: [],
    stage: command.stage.length === 0 ? null : { paths: command.stage, to: paths.repo },
    folders: [paths.client(0), output, paths.task],
  };
}

/** Runs the command in its folder, and brings together what it promised. A pattern may match nothing; a file was promised. */
function functions(o: { text: string; task: string; output: string; patterns: readonly string[] }): string {
  const promised = o.patterns.filter((pattern) => !/[*?[]/.test(pattern));
  return `
client_command() {
  local text gpus=\${CUDA_VISIBLE_DEVICES:-\${ROCR_VISIBLE_DEVICES:-}}
  text=$(cat -- ${quote(o.text)} && printf x)
  text=\${text%x}
  printf '%s' "\${text//${GPUS}/"$gpus"}" > "$scratch/job/run.sh"
  command=(sh -c 'cd -- "$1" && exec sh "$2"' sh ${quote(o.task)} "$scratch/job/run.sh")
}

after_command() {
  local pattern missing=''
  phase='collecting result files'
  # Patterns that name nothing are printed.
  sh -c ${quote(COLLECT)} sh "$scratch/collected" ${[o.task, ...o.patterns].map(quote).join(' ')} > "$scratch/unmatched"
  # What it printed stays what it is called, whatever the command's own files are.
  if [ -e "$scratch/collected/${LOG_NAME}" ]; then mv -- "$scratch/collected/${LOG_NAME}" "$scratch/collected/task-${LOG_NAME}"; fi
  cp -R -- "$scratch/collected/." "$output/"
  for pattern in ${promised.map(quote).join(' ')}; do
    if tr '\\0' '\\n' < "$scratch/unmatched" | grep -qxF -e "$pattern"; then missing="$missing $pattern"; fi
  done
  if [ -n "$missing" ] && [ -z "$result" ]; then result="result_files: there is no$missing" result_code=1; fi
}
`;
}
