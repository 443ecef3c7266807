import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GoOnOutcome, RunOutcome } from '@bench/benchmark';
import { resolveRun } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writtenRun } from '../test/written-runs.ts';
import { collect } from './commands/watch.ts';
import type { CliContext } from './context.ts';
import { type Job, perform } from './perform.ts';
import type { QueueRun } from './slurm-access.ts';

let ended: unknown;
let context: CliContext;
// What a run comes to is said here: a machine that cannot be ended is nothing to rent for a test.
vi.mock('@bench/benchmark', async (original) => {
  const outcome = () => Promise.resolve(ended);
  return { ...(await original<object>()), runTasks: outcome, collectRun: outcome };
});
vi.mock('./slurm-access.ts', () => ({
  withQueueRun: (id: string, { out }: { out: string }, _: unknown, action: (run: QueueRun) => Promise<number>) =>
    action({
      dir: join(out, id),
      run: { asked: { site: 'slurm' } },
      context,
      settings: { prices: { known: [], whatIf: [], rates: {} } },
    } as unknown as QueueRun),
}));

let out: string;
let id: string;
let dir: string;
let shown: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'bench-unwritten-'));
  id = await writtenRun(out, { at: Date.UTC(2026, 10, 1), figures: { 4: [100] } });
  dir = await resolveRun(id, out);
  // Nothing takes the place of a folder.
  await mkdir(join(dir, 'report.html', 'x'), { recursive: true });
  vi.stubEnv('XDG_CACHE_HOME', out);
  context = {
    io: { now: () => 0, monotonic: () => 0 },
    signal: new AbortController().signal,
    workEnds: () => undefined,
  } as unknown as CliContext;
  shown = '';
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      shown += String(text);
      return true;
    });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(out, { recursive: true, force: true });
});

const job = {
  asked: { recipes: [], site: 'local', filter: [], seed: 0 },
  tasks: [],
  settings: { prices: { known: [], whatIf: [], rates: {} } },
  yes: true,
} as unknown as Job;
const performed = (outcome: Partial<RunOutcome>, flags: { json?: true } = {}) => {
  ended = { id, dir, status: 'done', exitCode: 0, leftBehind: [], kept: [], ...outcome };
  return perform(job, { out, report: true, ...flags }, context);
};
const collected = (outcome: Partial<GoOnOutcome>) => {
  ended = { id, dir, status: 'done', exitCode: 0, leftBehind: [], still: 0, ...outcome };
  return collect(id, { out, report: true });
};
const LEFT = { leftBehind: ['bench-abc-0 (id 7 at gcp)'], exitCode: 6 };

describe('a report that cannot be written', () => {
  it('hides no machine that is left, nor its exit code', async () => {
    expect(await performed(LEFT)).toBe(6);
    expect(shown).toContain(`warning: ${join(dir, 'report.html')} is there and is no plain file`);
    expect(shown).toContain(`left behind: bench-abc-0 (id 7 at gcp)\nend it with: bench teardown ${id} --out ${out}\n`);
    expect(await performed({ exitCode: 5 })).toBe(5);
  });

  it('hides them no more of jobs that were collected', async () => {
    expect(await collected(LEFT)).toBe(6);
    expect(shown).toContain(`warning: ${join(dir, 'report.html')} is there and is no plain file`);
    expect(shown).toContain(`left behind: bench-abc-0 (id 7 at gcp)\nend it with: bench teardown ${id} --out ${out}\n`);
  });

  it('makes a run fail that did not, and the other report is written', async () => {
    expect(await performed({})).toBe(1);
    await access(join(dir, 'report.xlsx'));
    expect(await collected({})).toBe(1);
    shown = '';
    expect(await performed({}, { json: true })).toBe(1);
    const printed = JSON.parse(shown.slice(shown.indexOf('{'))) as { exitCode: number; reports: string[] };
    expect(printed).toMatchObject({ exitCode: 1, reports: [join(dir, 'report.xlsx')] });
  });
});
