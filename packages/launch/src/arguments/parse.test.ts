import { describe, expect, it } from 'vitest';
import { LAUNCH_FLAGS } from './flags.ts';
import { parseLaunchArguments } from './parse.ts';

const words = (line: string) => line.split(' ').filter(Boolean);
const parse = (line: string) => parseLaunchArguments(words(line));

describe('parseLaunchArguments', () => {
  it.each([
    ['-n 8 -- python3 -m app', { ranks: 8 }, ['python3', '-m', 'app']],
    ['-np 8 python3 -m app', { ranks: 8 }, ['python3', '-m', 'app']],
    ['--nproc=8 -ppn 4 -nh 2 -- a', { ranks: 8, ranksPerNode: 4, nodes: 2 }, ['a']],
    ['--world_size 8 --nproc_per_node=4 --nhosts 2 a', { ranks: 8, ranksPerNode: 4, nodes: 2 }, ['a']],
    ['--ntasks 8 --ntasks-per-node 4 -N 2 a', { ranks: 8, ranksPerNode: 4, nodes: 2 }, ['a']],
    [
      '-f hosts --cpu-bind=depth --launcher srun --mpi pals -- a',
      { hostfile: 'hosts', cpuBind: 'depth', launcher: 'srun', mpi: 'pals' },
      ['a'],
    ],
    ['--master-port 29500 --prefix a', { masterPort: 29_500, label: true }, ['a']],
    // What belongs to the program is not ours.
    ['a -n 8 --help --no-such', {}, ['a', '-n', '8', '--help', '--no-such']],
    ['-- a -- b', {}, ['a', '--', 'b']],
    ['-- -strange-program', {}, ['-strange-program']],
  ])('%s', (line, request, command) => {
    expect(parse(line).request).toEqual({ ...request, command, passThrough: [] });
  });

  it.each([
    ['--launcher-arg --exclusive --launcher-arg=--mem=0 a', ['--exclusive', '--mem=0'], ['a']],
    ['-n 2 --launcher-args --exclusive --mem 0 -n -- a b', ['--exclusive', '--mem', '0', '-n'], ['a', 'b']],
    ['--launcher-arg -v --launcher-args -q -- a', ['-v', '-q'], ['a']],
  ])('gives the launcher its own words: %s', (line, passThrough, command) => {
    expect(parse(line).request).toMatchObject({ passThrough, command });
  });

  it('keeps values as they are', () => {
    const argv = ['--env', 'A=b=c d', '-x', 'TOKEN', '--env=E=', '--', 'echo', '$HOME', "it's"];
    const parsed = parseLaunchArguments(argv);
    expect(parsed.env).toEqual([
      { name: 'A', value: 'b=c d' },
      { name: 'TOKEN', value: null },
      { name: 'E', value: '' },
    ]);
    expect(parsed.request.command).toEqual(['echo', '$HOME', "it's"]);
  });

  it.each([
    ['--timeout 900 a', { silenceMs: 900_000 }],
    ['--timeout=15m --retries 3 a', { silenceMs: 900_000, retries: 3 }],
    ['--failover -nh 2 a', { failover: { spare: 'auto', maxRetries: 5, progress: undefined } }],
    [
      '--auto-retry -n 8 --spare-nodes 3 --max-failover-retries 9 --progress none a',
      { failover: { spare: 3, maxRetries: 9, progress: null } },
    ],
    ['--failover -n 8 --progress iter=[0-9]+ a', { failover: { spare: 'auto', maxRetries: 5, progress: /iter=[0-9]+/ } }],
    ['--test --json', { test: true, json: true, only: null }],
    ['--print-command a', { only: 'print-command' }],
    ['--dry-run --test', { only: 'dry-run', test: true }],
    ['--filter noise.* --filter srun-verbose --log x a', { log: 'x' }],
    ['--help', { help: true }],
    ['-h --failover', { help: true }],
    ['--scheduler pbs --machine polaris a', { scheduler: 'pbs', machine: 'polaris' }],
  ])('%s', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it.each([
    ['--nprocs 4 a', /unknown flag "--nprocs"; did you mean "--nproc"\?/],
    ['--timeou=4 a', /did you mean "--timeout"\?/],
    ['--gpu-bind=closest a', /unknown flag "--gpu-bind=closest"/],
    ['-n', /-n needs a value: <n>/],
    ['-n -- a', /-n needs a value/],
    ['-n 0 a', /--ranks 0: expected a whole number from 1/],
    ['-n 4x a', /--ranks 4x/],
    ['-n -4 a', /--ranks -4/],
    ['-n 4 -np 4 a', /--ranks is given twice/],
    ['--test=1', /--test takes no value/],
    ['', /there is no program/],
    ['-n 4 --', /there is no program/],
    ['--test a', /--test runs a program of its own/],
    ['--failover a', /--failover needs --nodes or --ranks/],
    ['--failover --retries 2 -n 4 a', /--failover and --retries/],
    ['--spare-nodes 2 a', /--spare-nodes is for --failover/],
    ['--failover -n 2 --log x a', /writes a log for each attempt/],
    ['--json a', /--json is for/],
    ['--print-command --dry-run a', /keep one|both say/],
    ['--launcher-args -v a', /needs a -- at its end/],
    ['--master-port 70000 a', /--master-port 70000/],
    ['--timeout 0 a', /--timeout 0/],
    ['--timeout soon a', /^bench launch: --timeout: "soon" is not a duration/],
    ['--env 1A=b a', /--env 1A/],
    ['--filter ( a', /no regular expression/],
    ['--failover -n 4 --progress ( a', /no regular expression/],
  ])('refuses %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^BENCH_/), exitCode: 2 }));
  });

  it('says nothing of a secret that was mistyped', () => {
    expect(() => parseLaunchArguments(['--env', 'MY-TOKEN=hunter2', 'a'])).toThrow(/^(?!.*hunter2)/s);
  });

  it('has no name twice', () => {
    const names = LAUNCH_FLAGS.flatMap((flag) => [flag.name, ...('aliases' in flag ? flag.aliases : [])]);
    expect(new Set(names).size).toBe(names.length);
  });
});
