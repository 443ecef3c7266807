import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '@bench/core';
import { buildReport } from '@bench/report';
import { readRun } from '@bench/results';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { writtenRun } from '../test/written-runs.ts';
import type { CliContext } from './context.ts';
import { writeFiles } from './report-files.ts';
import { unwritten } from './unwritten.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-unwritten-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const context = { io: { now: () => 0 }, signal: new AbortController().signal } as unknown as CliContext;

it('a full disk is told with the file and in plain words, and what is no error of a disk stays as it is', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  expect(unwritten('/mnt/x.html', full)).toMatchObject({
    code: 'BENCH_UNWRITABLE',
    message: '/mnt/x.html could not be written: no space is left on its disk',
    hint: 'make room there, or name a file on another disk',
  });
  const own = new BenchError({ code: 'BENCH_NOT_A_FILE', message: 'a pipe' });
  expect(unwritten('x', own)).toBe(own);
  const bug = new TypeError('x is not a function');
  expect(unwritten('x', bug)).toBe(bug);
});

it('a report that cannot be written names its file', async () => {
  await writeFile(join(dir, 'file'), '');
  const csv = join(dir, 'file', 'rows.csv');
  await expect(writeFiles(buildReport({}), { csv }, context)).rejects.toMatchObject({
    code: 'BENCH_UNWRITABLE',
    message: `${csv} could not be written: a part of its path is a file`,
  });
});

it('a folder that is made for a file is told of', async () => {
  const lines: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const id = await writtenRun(dir, { at: Date.UTC(2026, 10, 1), figures: { 4: [100], 8: [150] } });
  const report = buildReport({ runs: [await readRun(join(dir, id))] });
  const charts = { chartFormat: 'svg' } as const;
  try {
    await writeFiles(report, { csv: join(dir, 'new', 'rows.csv'), junit: join(dir, 'new', 'rows.xml') }, context);
    await writeFiles(report, { ...charts, charts: join(dir, 'drawn') }, context);
    await writeFiles(report, { ...charts, charts: join(dir, 'drawn') }, context);
    await writeFiles(buildReport({}), { ...charts, charts: join(dir, 'nothing') }, context);
  } finally {
    stderr.mockRestore();
  }
  expect(lines).toEqual([
    `made the folder ${join(dir, 'new')}\n`,
    `made the folder ${join(dir, 'drawn')}\n`,
    'no chart was written: nothing that was measured can be drawn\n',
  ]);
});
