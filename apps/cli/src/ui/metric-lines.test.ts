import { expect, it } from 'vitest';
import { metricLines } from './metric-lines.ts';
import { jobLines } from './job-lines.ts';
import { styles } from './style.ts';

const style = styles({ isTTY: false } as NodeJS.WriteStream);
const gpu = { index: 0, utilizationPercent: 93, memoryUsedMiB: 71_680, memoryTotalMiB: 81_920, powerW: 401.6, temperatureC: 61 };
const silent = { index: 1, utilizationPercent: null, memoryUsedMiB: null, memoryTotalMiB: null, powerW: null, temperatureC: null };
const common = { deployment: 'd1', atMs: 1 };

it('has a line for each GPU, and leaves empty what nobody said', () => {
  const lines = metricLines(
    [
      { ...common, job: '71', gpus: [gpu, silent], processes: { count: 3, cpuS: 9, rssBytes: 4 << 20 }, busyCpus: 1.53 },
      { ...common, job: '72', gpus: null, processes: null, busyCpus: null },
      { ...common, job: '73', gpus: [], processes: null, busyCpus: null },
    ],
    { style, width: undefined },
  );
  const rows = lines
    .join('\n')
    .split('\n')
    .slice(2)
    .map((line) => line.trim().split(/\s{2,}/));
  expect(rows[0]?.filter((cell) => !/[KMG]i?B$/.test(cell) || cell.includes(' of '))).toEqual([
    '71',
    '1.5 busy',
    '0',
    '93 %',
    '70.0 of 80.0 GiB',
    '402 W',
    '61 °C',
  ]);
  expect(rows.slice(1)).toEqual([['1'], ['72', 'not known'], ['73', 'none']]);
  expect(metricLines([], { style, width: undefined })).toEqual([]);
});

it('shows of a job that is over what accounting says: seconds, most memory, exit code', () => {
  const usage = { elapsedS: 61, maxRssBytes: 126_418_944, exitCode: 3, nodes: 'gpu0' };
  const ended = { state: 'FAILED', reason: null, usage, costUsd: null };
  const view = {
    jobs: [{ deployment: 'd1', job: '71', name: 'a', role: 'service' as const, client: null, ended }],
    detachedUntil: null,
    run: {},
  };
  const text = jobLines(view as never, { style, width: undefined, watch: 'bench watch r1' }).join('\n');
  expect(text).toMatch(/71\s+service\s+FAILED\s+d1\s+1m ?0?1s?.*, .*exit code 3/);
});

it('says of each job how it stands itself, and of one that nobody has seen end, that', () => {
  const job = (client: number | null, state: string | null) => ({
    deployment: 'd1',
    job: `7${client ?? ''}`,
    name: `n${client ?? ''}`,
    role: client === null ? ('service' as const) : ('client' as const),
    client,
    ended: state === null ? null : { state, reason: null, usage: null, costUsd: null },
  });
  const view = { jobs: [job(null, 'COMPLETED'), job(0, 'FAILED'), job(1, null), job(2, 'CANCELLED')], detachedUntil: null, run: {} };
  const text = jobLines(view as never, { style, width: undefined, watch: '' }).join('\n');
  expect(
    text
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .trim()
          .split(/\s{2,}/)
          .slice(1, 3),
      ),
  ).toEqual([
    ['service', 'COMPLETED'],
    ['client 0', 'FAILED'],
    ['client 1', 'in the queue, as far as is known'],
    ['client 2', 'CANCELLED'],
  ]);
});
