import { parseArgs } from 'node:util';
import { BenchError, EXIT } from '@bench/core';
import type { FakeCloudKind } from '../fake/cloud.ts';

export interface ProgramOptions {
  kind: FakeCloudKind;
  port: number;
  machines: 'in-process' | 'none';
  seed: number;
  misbehave: 'all' | readonly string[];
  key: string | null;
  exitOnStdinEnd: boolean;
}

/** The command line. Null: help was asked for. @throws BenchError of usage */
export function readArgs(argv: readonly string[], kinds: readonly FakeCloudKind[]): ProgramOptions | null {
  const { values, positionals } = parse(argv);
  if (values.help) return null;
  const [name, ...more] = positionals;
  const kind = kinds.find((k) => k.name === name);
  if (kind === undefined || more.length > 0) throw usage(`name one of ${kinds.map((k) => k.name).join(', ')}`);
  const { machines } = values;
  if (machines !== 'none' && machines !== 'in-process') throw usage(`--machines is in-process or none, not "${machines}"`);
  const misbehave = values.misbehave === 'all' ? 'all' : values.misbehave.split(',').filter((word) => word !== '');
  for (const word of misbehave === 'all' ? [] : misbehave) {
    if (!Object.hasOwn(kind.misbehaviours, word))
      throw usage(`${kind.name} has no misbehaviour "${word}"; there are ${Object.keys(kind.misbehaviours).join(', ')}`);
  }
  return {
    kind,
    port: whole('--port', values.port),
    machines,
    seed: whole('--seed', values.seed),
    misbehave,
    key: values.key ?? null,
    exitOnStdinEnd: values['exit-on-stdin-end'],
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '0' },
        machines: { type: 'string', default: 'none' },
        seed: { type: 'string', default: '1' },
        misbehave: { type: 'string', default: '' },
        key: { type: 'string' },
        'exit-on-stdin-end': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw usage(`${flag} takes a whole number, not "${text}"`);
}

const usage = (message: string) =>
  new BenchError({ code: 'BENCH_FAKE_CLOUD_USAGE', message, hint: 'bench-fake-cloud --help', exitCode: EXIT.usage });

/** Text of `--help`. */
export function help(kinds: readonly FakeCloudKind[]): string {
  const oddities = kinds.map(({ name, misbehaviours }) =>
    [`  ${name}`, ...Object.entries(misbehaviours).map(([word, line]) => `    ${word.padEnd(26)} ${line}`)].join('\n'),
  );
  return `bench-fake-cloud ${kinds.map(({ name }) => name).join('|')} [options]

A provider's API that keeps state, for tests. Prints one line of JSON with its url and key, and ends, with all its machines, on SIGTERM.

  --port N              default: any that is free
  --machines WHAT       in-process: machines that answer on SSH, as processes of this computer; none (default)
  --seed N              of what is drawn; default 1
  --misbehave LIST      names, with commas between them, or all
  --key KEY             that is accepted; default: one that is printed
  --exit-on-stdin-end   ends with who started it

While it runs: GET /_fake/state, GET /_fake/requests, POST /_fake/faults {match, times, rate, seed, how}, DELETE /_fake/faults,
POST /_fake/clock {advanceMs}, POST /_fake/keys {accept, revoke}, and the provider's own: an unknown one lists them.

Misbehaviours:
${oddities.join('\n')}
`;
}
