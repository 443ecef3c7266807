import { describe, expect, it } from 'vitest';
import { failedFiles, mergeAgain } from './lib/again.mjs';

const file = (name, ...tests) => ({
  name: `/repo/${name}`,
  status: tests.some(([, status]) => status === 'failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: tests.map(([fullName, status, error]) => ({ fullName, status, failureMessages: error ? [error] : [] })),
});

describe('tests that are run again', () => {
  const first = {
    testResults: [
      file('a.e2e.test.ts', ['one', 'passed']),
      file('b.e2e.test.ts', ['two', 'failed', 'Error: expected 1 to be 0'], ['three', 'passed']),
      file('c.e2e.test.ts', ['four', 'failed', 'Error: no']),
      { ...file('d.e2e.test.ts'), status: 'failed', message: 'cannot be loaded' },
    ],
  };

  it('are the files in which something failed', () => {
    expect(failedFiles(first)).toEqual(['/repo/b.e2e.test.ts', '/repo/c.e2e.test.ts', '/repo/d.e2e.test.ts']);
  });

  it('count as they came out the second time, and are named when that was better', () => {
    const second = {
      testResults: [
        file('b.e2e.test.ts', ['two', 'passed'], ['three', 'passed']),
        file('c.e2e.test.ts', ['four', 'failed', 'Error: still no']),
        { ...file('d.e2e.test.ts'), status: 'failed', message: 'cannot be loaded' },
      ],
    };
    const { report, unsteady } = mergeAgain(first, second, '/repo');
    expect(failedFiles(report)).toEqual(['/repo/c.e2e.test.ts', '/repo/d.e2e.test.ts']);
    expect(unsteady).toEqual([{ file: 'b.e2e.test.ts', test: 'two', error: 'Error: expected 1 to be 0' }]);
    expect(report.testResults).toHaveLength(4);
  });

  it('stay failed when the second run says nothing of them', () => {
    expect(failedFiles(mergeAgain(first, { testResults: [] }, '/repo').report)).toEqual(failedFiles(first));
  });
});
