import { PassThrough } from 'node:stream';
import type { RunEvent } from '@bench/benchmark';
import { expect, it } from 'vitest';
import { Progress } from './progress.ts';
import { showRun } from './show-run.ts';

const same = (text: string) => text;
const style = { color: false, unicode: false, dim: same, red: same, green: same, yellow: same, cyan: same, bold: same };

function watch(events: readonly RunEvent[]): string {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const options = { stream: stream as unknown as NodeJS.WriteStream, style, clock: () => 0 };
  const progress = new Progress(options);
  const show = showRun(progress, options);
  for (const event of events) show(event);
  progress.close();
  return text;
}

it('sums up variants that were left out for one reason', () => {
  const left = (n: number, reason: string): RunEvent => ({ type: 'left_out', task: `r/v${n}`, reason });
  const started: RunEvent = { type: 'run_started', id: 'rabc', dir: '/d', resumed: false, tasks: 1, points: 1, alreadyDone: 0 };
  expect(watch([left(1, 'no H200'), left(2, 'no H200'), left(3, 'no H200'), left(4, 'no H200'), left(5, 'no L4'), started])).toBe(
    'left out r/v1, r/v2, r/v3 and 1 more: no H200\nleft out r/v5: no L4\nrun rabc  1 task, 1 point  /d\n',
  );
});

it('says of a search that points are at most so many, which load passes, and what was found', () => {
  const ref = { recipe: 'r', variant: 'v', point: 0, repeat: 0, label: 'c=2', position: 1, total: 30, atMost: true as const };
  const result = {
    counts: { sent: 2, ok: 2, failed: 0, cancelled: 0, warmup: 0 },
    scalars: {},
    distributions: {},
    durationS: 2,
    flags: [],
  } as unknown as Extract<RunEvent, { type: 'point_finished' }>['result'];
  const search = { axis: 'concurrency' as const, slo: {}, passes: 2, fails: 3, confidence: 0.9, complete: true, probes: [] };
  expect(
    watch([
      { type: 'run_started', id: 'rabc', dir: '/d', resumed: false, tasks: 1, points: 30, alreadyDone: 0, atMost: true },
      { type: 'point_finished', ref, result, missed: [] },
      {
        type: 'point_finished',
        ref: { ...ref, label: 'c=4' },
        result,
        missed: ['ttft_p99_ms 9 ms, at most 5 ms', 'goodput 50 %, at least 90 %'],
      },
      { type: 'search_finished', recipe: 'r', variant: 'v', search },
    ]),
  ).toBe(
    'run rabc  1 task, up to 30 points  /d\nok c=2        2 requests  2.0 s  passes\n' +
      'ok c=4        2 requests  2.0 s  fails: ttft_p99_ms 9 ms, at most 5 ms; goodput 50 %, at least 90 %\n' +
      'ok r/v: 2 concurrent pass, 3 do not\n',
  );
});

it('names the machine in every line where there are several', () => {
  const on = { engine: 'vllm', model: 'm', machine: 'gpu1' };
  const ref = { recipe: 'r', variant: 'v', point: 0, repeat: 0, label: 'c=2', position: 1, total: 2, machine: 'gpu2' };
  expect(
    watch([
      { type: 'deployment_ready', durationMs: 1000, ...on },
      { type: 'deployment_adopted', ...on },
      { type: 'load_place', machine: 'gpu1', text: 'load is sent by a tunnel from here' },
      { type: 'point_started', ref },
      { type: 'point_failed', ref, message: 'no request succeeded' },
    ]),
  ).toBe(
    'ok gpu1  vllm m is up and answers 1.0 s\nok gpu1  vllm m is still up and is used again\n  gpu1  load is sent by a tunnel from here\n  gpu2  r/v\nfailed gpu2  c=2        no request succeeded\n',
  );
});

it('shows the figures that a recipe’s own clients brought, those with a direction first', () => {
  const ref = { recipe: 'r', variant: 'v', point: 0, repeat: 0, label: 'run', position: 1, total: 1 };
  const result = {
    counts: { sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 },
    scalars: { keys: 10, get_per_s: 51234.567 },
    distributions: {},
    ownMetrics: { keys: { unit: '', better: null }, get_per_s: { unit: 'req/s', better: 'higher' } },
    durationS: 2,
    flags: [],
  } as unknown as Extract<RunEvent, { type: 'point_finished' }>['result'];
  expect(watch([{ type: 'point_finished', ref, result }])).toBe('ok run        get_per_s 51230 req/s  keys 10  2.0 s\n');
});

/** What is at the bottom of a terminal after all events, and the lines that stay above it. */
function watchTerminal(events: readonly RunEvent[], columns: number): { stay: string[]; bottom: string[] } {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 24 });
  const stay: string[] = [];
  let bottom: string[] = [];
  terminal.on('data', (chunk: Buffer) => {
    // oxlint-disable-next-line no-control-regex -- what erases the bottom
    const text = chunk.toString().replaceAll(/\r?\u001B\[[12][AK]/g, '');
    if (text.endsWith('\n')) stay.push(...text.trimEnd().split('\n'));
    else bottom = text === '' ? [] : text.split('\n').map((line) => line.slice(2));
  });
  const options = { stream: terminal as unknown as NodeJS.WriteStream, style, clock: () => 0 };
  const progress = new Progress(options);
  const show = showRun(progress, options);
  for (const event of events) show(event);
  const shown = { stay: [...stay], bottom };
  progress.close();
  return shown;
}

it('gives a deployment of a queue one line, however its machine is called by and by', () => {
  const on = (machine: string) => ({ engine: 'vllm', model: 'm', machine, deployment: 'd1' });
  const ref = { recipe: 'r', variant: 'v', point: 0, repeat: 0, label: 'c=3', position: 1, total: 2, deployment: 'd1' };
  const gpu = { index: 0, utilizationPercent: 87, memoryUsedMiB: 30720, memoryTotalMiB: 81920, powerW: 310.2, temperatureC: 60 };
  const result = {
    counts: { sent: 12, ok: 12, failed: 0, cancelled: 0, warmup: 0 },
    scalars: { output_throughput: 1578 },
    distributions: { ttft_ms: { p50: 7.1 }, tpot_ms: { p50: 1.34 } },
    durationS: 91,
    flags: [],
  } as unknown as Extract<RunEvent, { type: 'point_finished' }>['result'];
  const events: RunEvent[] = [
    { type: 'deployment_phase', ...on('d1'), phase: 'files' },
    { type: 'deployment_phase', ...on('job 7'), phase: 'queue' },
    { type: 'deployment_phase', ...on('gpu0 (job 7)'), phase: 'model_load' },
    { type: 'deployment_ready', ...on('gpu0 (job 7)'), durationMs: 4000 },
    { type: 'deployment_use', ...on('gpu0 (job 7)'), gpus: [gpu, gpu], processes: { count: 1, cpuS: 1, rssBytes: 2 ** 30 }, busyCpus: 1.5 },
    { type: 'point_started', ref },
    { type: 'point_finished', ref, result },
  ];
  const bottoms = events.map((_, i) => watchTerminal(events.slice(0, i + 1), 60).bottom);
  const use = '2 GPUs 87 %, 60.0 of 160.0 GiB, 620 W; CPUs 1.5; memory 1.0 GiB';
  expect(bottoms).toEqual([
    ['d1  vllm m: files 0 ms'],
    ['job 7  vllm m: waits in the queue 0 ms'],
    ['gpu0 (job 7)  vllm m: loading the model 0 ms'],
    ['gpu0 (job 7)  vllm m: measuring 0 ms'],
    // Drawn at the next frame.
    ['gpu0 (job 7)  vllm m: measuring 0 ms'],
    ['[1/2] c=3  preparing 0 ms', use.slice(0, 57)],
    ['gpu0 (job 7)  vllm m: measuring 0 ms', use.slice(0, 57)],
  ]);
  expect(watchTerminal(events, 60).stay).toEqual([
    'ok gpu0 (job 7)  vllm m is up and answers 4.0 s',
    '  r/v',
    'ok c=3        12 requests  1578 tok/s  TTFT 7.10 ms',
    '    TPOT 1.34 ms  1m 31s',
  ]);
  expect(watchTerminal([...events, { type: 'deployment_ended', ...on('gpu0 (job 7)') }], 60).bottom).toEqual([]);
});

it('shows what comes from elsewhere without obeying it', () => {
  const text = watch([{ type: 'load_place', machine: 'gpu1', text: 'no \u001B[2J' }]);
  expect(text).not.toContain('\u001B');
});

it('says a rented machine’s name once, and how it is in words', () => {
  const machine = 'bench-abc123-r0-0';
  const at = (state: Extract<RunEvent, { type: 'machine' }>['state'], text: string, price: number | null = null, more = {}): RunEvent => ({
    type: 'machine',
    machine,
    state,
    text,
    priceUsdPerHour: price,
    ...more,
  });
  expect(
    watch([
      at('running', '1× L40S in us-1', 0.85),
      at('ready', ''),
      at('lost', `vast: ${machine} was taken away: outbid`),
      at('failed', 'sold out\ntwice'),
      { type: 'deployment_failed', engine: 'vllm', model: 'm', machine, message: `vllm did not come up on ${machine}`, hint: undefined },
      at('gone', '', null, { costUsd: 1.5 }),
      at('gone', ''),
    ]),
  ).toBe(
    `ok ${machine}  runs: 1× L40S in us-1  $0.85/h\nok ${machine}  is ready 0 ms\nfailed vast: ${machine} was taken away: outbid\n` +
      `failed ${machine}  sold out\ntwice\nfailed vllm did not come up on ${machine}\nok ${machine}  is gone  $1.50\nok ${machine}  is gone\n`,
  );
});

it('says what to do about what ended a group', () => {
  const failed = { type: 'group_ended', group: 2, status: 'failed', reason: 'the credentials are refused' } as const;
  expect(watch([{ ...failed, hint: 'make a new key\nset P_KEY' }, failed])).toBe(
    'failed group 2: the credentials are refused\n  hint: make a new key\n  hint: set P_KEY\nfailed group 2: the credentials are refused\n',
  );
});
