import { expect, it } from 'vitest';
import { jobLook } from './look.ts';
import { parseQueue } from './squeue.ts';
import type { SlurmTools, ToolCall } from './tools.ts';

const SHOWN =
  'JobId=7 JobName=bench-aaaaaa-r1-0 UserId=ada(1000) GroupId=ada(1000) JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 ' +
  'SubmitTime=2026-11-22T10:00:00 StartTime=2026-11-22T10:00:01 EndTime=2026-11-22T10:00:02 Partition=gpu NodeList=gpu0\n';

/** A cluster whose queue knows nothing, with that row of accounting, and that answer of the controller. */
function cluster(row: string, shown = { code: 0, stdout: SHOWN, stderr: '' }) {
  const tools = {
    login: 'login1',
    run: ({ tool }: ToolCall) => Promise.resolve(tool === 'sacct' ? { code: 0, stdout: row, stderr: '' } : shown),
  } as unknown as SlurmTools;
  const logger = { log: () => undefined };
  const look = jobLook({ io: { monotonic: () => 0, logger }, tools, poll: { look: () => Promise.resolve([]) }, common: [] });
  return look.jobs(['7'], { since: 0, op: 'observe' }).then((jobs) => jobs.get('7'));
}

it('takes the word of accounting once it has written a job down, and the controller’s until then', async () => {
  const times = '2026-11-22T10:00:00|2026-11-22T10:00:01|2026-11-22T10:00:02';
  expect(await cluster(`7|COMPLETED|0:0|1|||gpu0|gpu|${times}|None|bench-aaaaaa-r1-0\n`)).toMatchObject({
    source: 'sacct',
    name: 'bench-aaaaaa-r1-0',
  });
  // Its end came before its beginning.
  for (const row of [
    `7|FAILED|3:0|1|||gpu0||${times}|None|allocation\n`,
    `7|FAILED|3:0|1|||gpu0|gpu|Unknown|Unknown|Unknown|None|allocation\n`,
  ])
    expect(await cluster(row)).toMatchObject({ source: 'scontrol', name: 'bench-aaaaaa-r1-0', partition: 'gpu', exitCode: 3 });
});

it('waits for no job that left the queue with a word which nobody knows', async () => {
  const times = '2026-11-22T10:00:00|2026-11-22T10:00:01|2026-11-22T10:00:02';
  const forgotten = { code: 1, stdout: '', stderr: 'slurm_load_jobs error: Invalid job id specified' };
  expect(await cluster(`7|SLEEPWALKING|0:0|1|||gpu0|gpu|${times}|None|bench-aaaaaa-r1-0\n`, forgotten)).toBeNull();
});

it('holds an array for written down when each task that was seen is, or when it was waited for', async () => {
  const times = ['2026-11-22T10:00:00', '2026-11-22T10:00:01', '2026-11-22T10:00:02'];
  const queued = (task: number, state: string) => [`7_${task}`, state, 'sweep', 'gpu0', 'None', 'gpu', ...times].join('\x1f');
  const row = (task: number, state: string) => `7_${task}|${state}|1|||gpu0|gpu|${times.join('|')}|None|sweep`;
  const [well, badly] = [row(0, 'COMPLETED|0:0'), row(1, 'FAILED|7:0')];
  const shown = (task: number, end: string) =>
    `JobId=${task + 8} ArrayJobId=7 ArrayTaskId=${task} JobName=sweep UserId=ada(1000) ${end} SubmitTime=${times[0]} Partition=gpu NodeList=gpu0`;
  const known = {
    code: 0,
    stdout: [shown(0, 'JobState=COMPLETED ExitCode=0:0'), shown(1, 'JobState=FAILED ExitCode=7:0')].join('\n'),
    stderr: '',
  };
  const forgotten = { code: 1, stdout: '', stderr: 'slurm_load_jobs error: Invalid job id specified' };
  let now = 0;
  const array = () => {
    let [rows, answer] = [[] as readonly string[], known];
    const tools = {
      login: 'login1',
      run: ({ tool }: ToolCall) => Promise.resolve(tool === 'sacct' ? { code: 0, stdout: rows.join('\n'), stderr: '' } : answer),
    } as unknown as SlurmTools;
    let queue: string[] = [];
    const io = { monotonic: () => now, logger: { log: () => undefined } };
    const look = jobLook({ io, tools, poll: { look: () => Promise.resolve(parseQueue(queue.join('\n'))) }, common: [] });
    return async (seen: { queue?: string[]; accounting: readonly string[]; controller?: typeof known }) => {
      [rows, answer, queue] = [seen.accounting, seen.controller ?? known, seen.queue ?? []];
      return (await look.jobs(['7'], { since: 0, op: 'observe' })).get('7');
    };
  };
  const ended = [queued(0, 'COMPLETED'), queued(1, 'FAILED')];
  expect(await array()({ queue: ended, accounting: [well] })).toMatchObject({ state: 'FAILED', exitCode: 7, source: 'scontrol' });
  expect(await array()({ queue: ended, accounting: [well, badly] })).toMatchObject({ state: 'FAILED', exitCode: 7, source: 'sacct' });

  // The controller forgets at once.
  const [late, never] = [array(), array()];
  for (const look of [late, never]) {
    expect(await look({ queue: [queued(0, 'RUNNING'), queued(1, 'RUNNING')], accounting: [] })).toMatchObject({ over: false });
    expect(await look({ accounting: [well], controller: forgotten })).toBeUndefined();
  }
  expect(await late({ accounting: [well, badly], controller: forgotten })).toMatchObject({ state: 'FAILED', exitCode: 7 });
  now = 60_000;
  expect(await never({ accounting: [well], controller: forgotten })).toMatchObject({ state: 'COMPLETED', exitCode: 0 });
});
