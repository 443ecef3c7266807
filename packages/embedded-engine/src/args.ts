import { parseArgs } from 'node:util';

import { BenchError, messageOf } from '@bench/core/error';

/** What the command line asks for. */
export type Command =
  | { kind: 'help' | 'version' | 'handshake' }
  | {
      kind: 'serve';
      host: string;
      port: number;
      model: { random: 'tiny' | 'small' } | { gguf: string };
      servedModelName: string | undefined;
      parallel: number;
      contextLength: number | undefined;
      threads: number;
      prefixCaching: boolean;
      seed: number;
      apiKey: string | undefined;
      cacheDir: string | undefined;
      parentPid: number | undefined;
      exitOnStdinEnd: boolean;
      drainSeconds: number;
    };

export const USAGE = `usage: bench-embedded-engine (--model-random tiny|small | --model FILE.gguf) [options]

  --host ADDRESS            listen on this address (127.0.0.1)
  --port N                  listen on this port; 0 picks a free one (0)
  --served-model-name NAME  the model's name in requests
  --parallel N              requests that generate at the same time (8)
  --context-length N        tokens of prompt and answer, for each request (1024; 4096 for a file)
  --threads N               threads for arithmetic (1)
  --no-prefix-caching       start every prompt from nothing
  --seed N                  seed of generated weights and of requests without a seed (1)
  --api-key KEY             require this key; better given as BENCH_ENGINE_API_KEY
  --cache-dir DIR           where generated weights are kept
  --drain-seconds N         how long SIGTERM waits for requests in flight (30)
  --parent-pid N            exit when this process is gone
  --exit-on-stdin-end       exit when standard input ends
  --handshake               say whether the engine can run here, as one JSON line
  --version, --help
`;

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  model: { type: 'string' },
  'model-random': { type: 'string' },
  'served-model-name': { type: 'string' },
  parallel: { type: 'string', default: '8' },
  'context-length': { type: 'string' },
  threads: { type: 'string', default: '1' },
  'no-prefix-caching': { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  'api-key': { type: 'string' },
  'cache-dir': { type: 'string' },
  'drain-seconds': { type: 'string', default: '30' },
  'parent-pid': { type: 'string' },
  'exit-on-stdin-end': { type: 'boolean', default: false },
  handshake: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** @throws BenchError `BENCH_ENGINE_USAGE` (exit code 2) for anything that is not understood. */
export function parseCommand(argv: readonly string[]): Command {
  const { values } = parse(argv);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  if (values.handshake) return { kind: 'handshake' };

  const integer = (name: keyof typeof OPTIONS, min: number, max: number): number => {
    const text = String(values[name]);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw usage(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
    return value;
  };
  return {
    kind: 'serve',
    host: values.host,
    port: integer('port', 0, 65_535),
    model: modelOf(values['model-random'], values.model),
    servedModelName: values['served-model-name'],
    parallel: integer('parallel', 1, 256),
    contextLength: values['context-length'] === undefined ? undefined : integer('context-length', 16, 1_000_000),
    threads: integer('threads', 1, 1024),
    prefixCaching: !values['no-prefix-caching'],
    seed: integer('seed', 0, 0xffff_ffff),
    apiKey: values['api-key'],
    cacheDir: values['cache-dir'],
    parentPid: values['parent-pid'] === undefined ? undefined : integer('parent-pid', 1, 2 ** 31 - 1),
    exitOnStdinEnd: values['exit-on-stdin-end'],
    drainSeconds: integer('drain-seconds', 0, 86_400),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false });
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function modelOf(random: string | undefined, gguf: string | undefined): { random: 'tiny' | 'small' } | { gguf: string } {
  if ((random === undefined) === (gguf === undefined)) throw usage('give either --model-random tiny|small or --model FILE.gguf');
  if (gguf !== undefined) return { gguf };
  if (random === 'tiny' || random === 'small') return { random };
  throw usage(`--model-random must be tiny or small, not "${random}"`);
}

function usage(message: string): BenchError {
  return new BenchError({ code: 'BENCH_ENGINE_USAGE', message, hint: 'bench-embedded-engine --help lists the options', exitCode: 2 });
}
