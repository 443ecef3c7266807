import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { demoRun, mixedRun, ownRun } from '../testing/synthetic-run.ts';
import { modelFileNames, splitByModel } from './split-by-model.ts';

describe('splitByModel', () => {
  it('makes a report of each model, with its rows and tasks alone', () => {
    const parts = splitByModel(buildReport({ runs: [mixedRun(), demoRun(), ownRun()] }));
    expect(parts.map(({ model }) => model)).toEqual(['Qwen/Qwen3-Coder-480B-A35B-Instruct', null, 'random-tiny']);
    const tiny = parts[2]?.report;
    expect(tiny?.rows).toHaveLength(5);
    expect(tiny?.runs.map(({ run, tasks }) => [run.id, tasks.length])).toEqual([['rk3v9x0a2b', 1]]);
    expect(parts.reduce((sum, { report }) => sum + report.rows.length, 0)).toBe(10 + 5 + 4);
  });

  it('names files safely, and tells them apart', () => {
    const hostile = ['Qwen/Qwen3-8B', 'qwen-qwen3-8b', '../../etc/passwd', '..', 'موديل', 'x'.repeat(300), 'a\nb', null];
    const names = modelFileNames(hostile);
    expect(names).toEqual(['Qwen-Qwen3-8B', 'qwen-qwen3-8b-2', 'etc-passwd', 'model', 'model-2', 'x'.repeat(80), 'a-b', 'no-model']);
  });
});
