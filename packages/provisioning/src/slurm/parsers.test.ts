import { describe, expect, it } from 'vitest';
import { parseGres } from './gres.ts';
import { type JobText, jobOf, parseExit, pickJob } from './job.ts';
import { betweenMarks, loginCommand, readLoginCommand } from './login-shell.ts';
import { parseNodes } from './nodes.ts';
import { parseAccounting, parseTres, usageOf } from './sacct.ts';
import { parseClusterName, parseShownJobs } from './scontrol.ts';
import { parseMemory } from './size.ts';
import { parseQueue } from './squeue.ts';
import { machineState, parseState } from './state.ts';
import { parseSubmitted } from './submission.ts';
import { formatTimeLimit, parseTime, parseTimeLimit } from './time.ts';

const line = (...parts: string[]): string => parts.join('\x1f');

describe('states', () => {
  it.each([
    ['PENDING', 'PD', 'pending'],
    ['CONFIGURING', 'CF', 'provisioning'],
    ['RUNNING', 'R', 'running'],
    ['COMPLETING', 'CG', 'stopping'],
    ['COMPLETED', 'CD', 'terminated'],
    ['CANCELLED', 'CA', 'terminated'],
    ['FAILED', 'F', 'failed'],
    ['TIMEOUT', 'TO', 'terminated'],
    ['NODE_FAIL', 'NF', 'failed'],
    ['PREEMPTED', 'PR', 'terminated'],
    ['OUT_OF_MEMORY', 'OOM', 'failed'],
    ['BOOT_FAIL', 'BF', 'failed'],
    ['DEADLINE', 'DL', 'terminated'],
    ['SUSPENDED', 'S', 'running'],
    ['STOPPED', 'ST', 'running'],
    ['SIGNALING', 'SI', 'running'],
    ['STAGE_OUT', 'SO', 'stopping'],
    ['RESIZING', 'RS', 'running'],
    ['REVOKED', 'RV', 'terminated'],
    ['REQUEUED', 'RQ', 'pending'],
    ['REQUEUE_HOLD', 'RH', 'pending'],
    ['REQUEUE_FED', 'RF', 'pending'],
    ['RESV_DEL_HOLD', 'RD', 'pending'],
    ['SPECIAL_EXIT', 'SE', 'pending'],
  ])('%s, short %s, is %s', (long, short, meaning) => {
    for (const word of [long, short, long.toLowerCase()]) {
      expect(parseState(word)).toEqual({ state: long, flags: [], cancelledBy: null });
      expect(machineState(parseState(word))).toBe(meaning);
    }
  });

  it.each([
    ['CANCELLED by 1000', 'CANCELLED', [], '1000', 'terminated'],
    ['CANCELLED by ada', 'CANCELLED', [], 'ada', 'terminated'],
    ['CANCELLED+', 'CANCELLED', [], null, 'terminated'],
    ['OUT_OF_ME+', 'OUT_OF_MEMORY', [], null, 'failed'],
    ['PENDING,REQUEUED', 'PENDING', ['REQUEUED'], null, 'pending'],
    ['COMPLETED|REQUEUED', 'COMPLETED', ['REQUEUED'], null, 'pending'],
    ['RUNNING COMPLETING', 'RUNNING', ['COMPLETING'], null, 'stopping'],
    ['CANCELLED,COMPLETING', 'CANCELLED', ['COMPLETING'], null, 'stopping'],
    ['RUNNING,CONFIGURING', 'RUNNING', ['CONFIGURING'], null, 'provisioning'],
    ['COMPLETING,FAILED', 'FAILED', ['COMPLETING'], null, 'stopping'],
    ['SLEEPWALKING', 'SLEEPWALKING', [], null, 'unknown'],
    ['', 'UNKNOWN', [], null, 'unknown'],
  ])('"%s"', (text, state, flags, cancelledBy, meaning) => {
    expect(parseState(text)).toEqual({ state, flags, cancelledBy });
    expect(machineState(parseState(text))).toBe(meaning);
  });
});

describe('times', () => {
  it.each([
    ['30:00', 1800],
    ['1:00', 60],
    ['01:30:00', 5400],
    ['2-00:00:00', 172_800],
    ['1-12', 129_600],
    ['1-12:30', 131_400],
    ['90', 5400],
    ['infinite', null],
    ['UNLIMITED', null],
    ['Partition_Limit', null],
    ['n/a', null],
    ['', null],
  ])('the limit "%s" is %s s', (text, seconds) => expect(parseTimeLimit(text)).toBe(seconds));

  it.each([
    [60, '0-00:01:00'],
    [0.2, '0-00:00:01'],
    [5400, '0-01:30:00'],
    [90_061, '1-01:01:01'],
  ])('%s s are %s, and back', (seconds, text) => {
    expect(formatTimeLimit(seconds)).toBe(text);
    expect(parseTimeLimit(text)).toBe(Math.ceil(seconds));
  });

  it.each([
    ['2026-11-22T14:24:10', '2026-11-22T14:24:10.000Z'],
    ['N/A', null],
    ['Unknown', null],
    ['None', null],
    ['', null],
    ['2026-13-45T00:00:00', null],
  ])('"%s" is %s', (text, iso) => expect(parseTime(text)).toBe(iso));
});

it.each([
  ['gpu:8', [{ type: null, count: 8 }]],
  ['gpu', [{ type: null, count: 1 }]],
  ['gpu:tesla:2', [{ type: 'tesla', count: 2 }]],
  ['gpu:h100:4(S:0-1)', [{ type: 'h100', count: 4 }]],
  ['gpu:a100:2(S:0),gpu:a100:2(S:1)', [{ type: 'a100', count: 4 }]],
  ['gpu:a100:2(IDX:0-1),shard:8', [{ type: 'a100', count: 2 }]],
  [
    'gpu:a100_3g.20gb:2,gpu:a100:1',
    [
      { type: 'a100_3g.20gb', count: 2 },
      { type: 'a100', count: 1 },
    ],
  ],
  ['gres:gpu:2', [{ type: null, count: 2 }]],
  ['gres/gpu=2', [{ type: null, count: 2 }]],
  ['craynetwork:4', []],
  ['(null)', []],
  ['', []],
])('generic resources "%s"', (text, gpus) => expect(parseGres(text)).toEqual(gpus));

it.each([
  ['1234K', 1_263_616],
  ['1.50G', 1_610_612_736],
  ['0', 0],
  ['12M', 12_582_912],
  ['4000Mn', 4_194_304_000],
  ['', null],
  ['?', null],
])('memory "%s" is %s bytes', (text, bytes) => expect(parseMemory(text)).toBe(bytes));

it.each([
  ['3:0', { exitCode: 3, signal: null }],
  ['0:9', { exitCode: 0, signal: 9 }],
  ['0:0', { exitCode: 0, signal: null }],
  ['', null],
  ['x', null],
])('exit "%s"', (text, exit) => expect(parseExit(text)).toEqual(exit));

it.each([
  ['123\n', { id: '123', cluster: null }],
  ['123;alpha\n', { id: '123', cluster: 'alpha' }],
  ['Welcome to job 7!\n123\n', { id: '123', cluster: null }],
  ['Submitted batch job 123\n', null],
  ['12', { id: '12', cluster: null }],
  ['', null],
])('sbatch says %j', (text, made) => expect(parseSubmitted(text)).toEqual(made));

describe('squeue', () => {
  it('has a job a line, and nothing of other lines', () => {
    const text = [
      'CLUSTER: alpha',
      line(
        '12',
        'RUNNING',
        'bench-aaaaaa-r1-0',
        'gpu[0-1]',
        'None',
        'gpu',
        '2026-11-22T14:24:10',
        '2026-11-22T14:25:00',
        '2026-11-22T15:25:00',
      ),
      line('13', 'PENDING', 'a|name with blanks', '', '(Resources)', 'gpu,big', '2026-11-22T14:24:10', '2026-11-22T16:00:00', 'N/A'),
      'slurm: warning: something',
      '',
    ].join('\n');
    expect(parseQueue(text)).toEqual([
      expect.objectContaining({
        id: '12',
        state: 'RUNNING',
        nodeList: 'gpu[0-1]',
        reason: null,
        over: false,
        endsAt: '2026-11-22T15:25:00.000Z',
      }),
      expect.objectContaining({
        id: '13',
        name: 'a|name with blanks',
        nodeList: null,
        reason: 'Resources',
        startsAt: '2026-11-22T16:00:00.000Z',
        endsAt: null,
      }),
    ]);
  });
});

describe('sacct', () => {
  const text = [
    '12|CANCELLED by 1000|0:15|61||billing=4,cpu=4,gres/gpu=2,mem=8G,node=1|gpu0|gpu|2026-11-22T14:24:10|2026-11-22T14:25:00|2026-11-22T14:26:01|None|a|b',
    '12.batch|CANCELLED|0:15|61|1234K|cpu=4,mem=8G,node=1|gpu0||2026-11-22T14:25:00|2026-11-22T14:25:00|2026-11-22T14:26:01||batch',
    '12.0|CANCELLED|0:9|60|2.00M|cpu=4,mem=8G,node=1|gpu0||2026-11-22T14:25:00|2026-11-22T14:25:00|2026-11-22T14:26:01||server',
    'sacct: warning: something',
  ].join('\n');

  it('tells how a job ended, and what its steps used', () => {
    const rows = parseAccounting(text);
    expect(rows.map(({ id }) => id)).toEqual(['12', '12.batch', '12.0']);
    expect(rows[0]?.job).toMatchObject({ name: 'a|b', state: 'CANCELLED', cancelledBy: '1000', exitCode: 0, signal: 15, over: true });
    expect(usageOf(rows, '12')).toEqual({
      elapsedS: 61,
      maxRssBytes: 2_097_152,
      exitCode: 0,
      signal: 15,
      allocTres: { billing: '4', cpu: '4', 'gres/gpu': '2', mem: '8G', node: '1' },
      nodes: 'gpu0',
      state: 'CANCELLED',
    });
    expect(usageOf(rows, '13')).toBeNull();
  });

  it('has no exit code of a job that goes on', () => {
    expect(usageOf(parseAccounting('12|RUNNING|0:0|5||cpu=1|gpu0|gpu|||Unknown|None|a'), '12')).toMatchObject({
      exitCode: null,
      signal: null,
      maxRssBytes: null,
    });
  });

  it.each([
    ['cpu=1,gres/gpu:a100=2', { cpu: '1', 'gres/gpu:a100': '2' }],
    ['', {}],
  ])('resources "%s"', (tres, found) => expect(parseTres(tres)).toEqual(found));
});

describe('scontrol', () => {
  const shown =
    'JobId=12 JobName=x JobState=RUNNING ExitCode=1:1 UserId=ada(1000) GroupId=ada(1000) JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 ' +
    'SubmitTime=2026-11-22T14:24:10 StartTime=2026-11-22T14:25:00 EndTime=2026-11-22T14:26:01 Partition=gpu ReqNodeList=(null) NodeList=gpu0 ' +
    'WorkDir=/home/ada/a b StdErr=/home/ada/a b/x.log StdIn=/dev/null StdOut=/home/ada/a b/x.log Power= TresPerNode=gres:gpu:2 ';
  it('tells a job, whatever its name says', () => {
    expect(parseShownJobs(shown)).toEqual([
      expect.objectContaining({
        id: '12',
        name: 'x JobState=RUNNING ExitCode=1:1',
        state: 'FAILED',
        reason: 'NonZeroExitCode',
        exitCode: 3,
        partition: 'gpu',
        nodeList: 'gpu0',
        stdoutPath: '/home/ada/a b/x.log',
        endsAt: '2026-11-22T14:26:01.000Z',
      }),
    ]);
  });
  it('tells the tasks of an array', () => {
    const tasks = ['JobId=22 ArrayJobId=21 ArrayTaskId=0', 'JobId=21 ArrayJobId=21 ArrayTaskId=2-4%1'].map(
      (head) => `${head} JobName=a UserId=ada(1) JobState=PENDING`,
    );
    expect(parseShownJobs(tasks.join('\n')).map(({ id }) => id)).toEqual(['21_0', '21_[2-4%1]']);
  });
  it.each([
    ['Configuration data\nClusterName             = alpha\n', 'alpha'],
    ['nothing', null],
  ])('the name of the cluster in %j', (text, name) => expect(parseClusterName(text)).toBe(name));
});

it('sinfo has a line for each node in each partition', () => {
  const text = [
    line('gpu0', 'mix', 'gpu:a100:4(S:0-1)', '64', '512000', 'gpu*', '2-00:00:00', 'up', '1-infinite', 'nvlink,a100'),
    line('gpu0', 'mix', 'gpu:a100:4(S:0-1)', '64', '512000', 'short', '30:00', 'up', '1', 'nvlink,a100'),
    line('gpu1', 'down*', 'gpu:8', '64', '512000', 'gpu*', '2-00:00:00', 'up', '1-4', '(null)'),
    line('cpu0', 'idle~', '(null)', '8+', '1000+', 'cpu', 'infinite', 'inact', '2-8', '(null)'),
    'sinfo: noise',
  ].join('\n');
  expect(parseNodes(text).map(({ cpus: _cpus, memoryMb: _memory, ...node }) => node)).toEqual([
    {
      name: 'gpu0',
      partition: 'gpu',
      isDefault: true,
      state: 'mix',
      suffix: '',
      usable: true,
      gpus: [{ type: 'a100', count: 4 }],
      timeLimitS: 172_800,
      maxNodes: null,
      partitionUp: true,
      features: ['nvlink', 'a100'],
    },
    {
      name: 'gpu0',
      partition: 'short',
      isDefault: false,
      state: 'mix',
      suffix: '',
      usable: true,
      gpus: [{ type: 'a100', count: 4 }],
      timeLimitS: 1800,
      maxNodes: 1,
      partitionUp: true,
      features: ['nvlink', 'a100'],
    },
    {
      name: 'gpu1',
      partition: 'gpu',
      isDefault: true,
      state: 'down',
      suffix: '*',
      usable: false,
      gpus: [{ type: null, count: 8 }],
      timeLimitS: 172_800,
      maxNodes: 4,
      partitionUp: true,
      features: [],
    },
    {
      name: 'cpu0',
      partition: 'cpu',
      isDefault: false,
      state: 'idle',
      suffix: '~',
      usable: true,
      gpus: [],
      timeLimitS: null,
      maxNodes: 8,
      partitionUp: false,
      features: [],
    },
  ]);
});

it.each([
  'idle',
  'idle*',
  'idle~',
  'idle#',
  'idle!',
  'idle%',
  'idle$',
  'idle@',
  'idle^',
  'idle-',
  'mix',
  'alloc',
  'comp',
  'plnd',
  'drain',
  'drng',
  'down',
  'maint',
  'inval',
])('the state "%s" of a node is read', (state) => {
  const [node] = parseNodes(line('n', state, '(null)', '1', '1', 'p', 'infinite', 'up', '1-infinite', '(null)'));
  expect([node?.state, node?.suffix]).toEqual([state.replace(/\W$/, ''), /\W$/.exec(state)?.[0] ?? '']);
  expect(node?.usable).toBe(!/^(drain|drng|down|maint|inval)|\*$/.test(state));
});

describe('a job among lines', () => {
  const job = (id: string, state: string, more: Partial<JobText> = {}) =>
    jobOf({ id, state, ...more }, { source: 'squeue', time: parseTime });
  const array = [job('12_[3-4,8%1]', 'PENDING'), job('12_1', 'COMPLETED'), job('12_2', 'FAILED'), job('120', 'RUNNING')];
  it.each([
    ['120', array, 'RUNNING'],
    ['12', array, 'PENDING'],
    ['12_1', array, 'COMPLETED'],
    ['12_2', array, 'FAILED'],
    ['12_3', array, 'PENDING'],
    ['12_8', array, 'PENDING'],
    ['12_5', array, undefined],
    ['1', array, undefined],
    ['12', array.slice(1), 'FAILED'],
    ['12', [job('12_0', 'COMPLETED'), job('12_1', 'TIMEOUT')], 'TIMEOUT'],
    ['12', [job('12_[0-9]', 'PENDING'), job('12_11', 'RUNNING')], 'RUNNING'],
  ])('%s', (id, jobs, state) => {
    const found = pickJob(jobs, id);
    expect(found?.state).toBe(state);
    if (found) expect(found.id).toBe(id);
  });
});

describe('what a login shell writes', () => {
  it.each([
    ['banner\n\nM\nout\n\nM 0\nbye\n', { text: 'out\n', code: 0 }],
    ['\nM\n\nM 3\n', { text: '', code: 3 }],
    ['\nM\nno end of a line\nM 0\n', { text: 'no end of a line', code: 0 }],
    ['\nM\nhalf of it', { text: 'half of it', code: null }],
    ['only a banner\n', null],
    ['\nM\na\nM 1 is no end\n\nM 0\n', { text: 'a\nM 1 is no end\n', code: 0 }],
  ])('%j', (text, found) => expect(betweenMarks(text, 'M')).toEqual(found));

  it('is of a command that can be read back', () => {
    const call = { argv: ['squeue', "it's"] as const, stdin: '#!/bin/sh\n', folder: '~/a b' };
    expect(readLoginCommand(loginCommand({ ...call, argv: ['squeue', "it's"] }, 'm1'))).toEqual({ ...call, mark: 'm1' });
    expect(readLoginCommand({ argv: ['sh', '-c', 'true'] })).toBeNull();
    expect(readLoginCommand({ script: 'true' })).toBeNull();
  });
});
