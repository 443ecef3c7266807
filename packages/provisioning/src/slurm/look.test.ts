import { expect, it } from 'vitest';
import { jobLook } from './look.ts';
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
