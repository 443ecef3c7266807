import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipReason, tallyReport } from './lib/tally.mjs';
import { part, PARTS } from './parts.mjs';

const absent = (impossible) => (name) => ({ name, present: false, impossible });
const file = (name, statuses, extra = {}) => ({
  name: `/repo/${name}`,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `test ${index}` })),
  ...extra,
});

describe('tallyReport', () => {
  const options = {
    root: '/repo',
    readSource: () => "part('chromium')",
    reasonOf: (source) => skipReason(source, { findPart: absent(undefined), data: '' }),
  };

  it('adds up and says why something was skipped', () => {
    const tally = tallyReport(
      { testResults: [file('a.test.ts', ['passed', 'passed', 'failed']), file('b.test.ts', ['skipped', 'passed'])] },
      options,
    );
    expect(tally).toMatchObject({ passed: 3, failed: 1, failures: ['a.test.ts: test 2'] });
    expect(tally.skipped).toEqual([
      { file: 'b.test.ts', test: 'test 0', reason: 'no chromium', enable: 'sudo scripts/install-test-parts', allowed: false },
    ]);
  });

  it('says how the error of a failure begins', () => {
    const failed = { status: 'failed', fullName: 'one', failureMessages: ['Error: no\n\nat a\nat b\nat c'] };
    expect(
      tallyReport({ testResults: [file('a.test.ts', [], { status: 'failed', assertionResults: [failed] })] }, options).failures,
    ).toEqual(['a.test.ts: one\n      Error: no\n      at a\n      at b']);
  });

  it('counts a file that could not be loaded as a failure', () => {
    const tally = tallyReport(
      { testResults: [file('a.test.ts', [], { status: 'failed', message: 'cannot find module x\nat y' })] },
      options,
    );
    expect(tally).toMatchObject({ passed: 0, failed: 1, failures: ['a.test.ts: cannot find module x'] });
  });
});

describe('skipReason', () => {
  it('allows what depends on the user who runs the tests', () => {
    const source = 'it.skipIf(process.getuid?.() === 0)';
    expect(skipReason(source, { findPart: absent(undefined), data: '/data' })).toMatchObject({ allowed: true });
    expect(skipReason('it.skipIf(lazy)', { findPart: absent(undefined), data: '/data' })).toBeUndefined();
  });

  it('allows an impossible part and absent data, and nothing else', () => {
    expect(skipReason("part('chromium')", { findPart: absent('not root'), data: '' })).toMatchObject({ allowed: true });
    expect(skipReason("part('chromium')", { findPart: absent(undefined), data: '' })).toMatchObject({ allowed: false });
    expect(skipReason("['sshd', 'docker'].map((name) => part(name))", { findPart: absent(undefined), data: '' })).toMatchObject({
      reason: 'no sshd, no docker',
    });
    expect(skipReason('process.env.BENCH_TEST_DATA', { data: '' })).toMatchObject({ allowed: true, reason: 'no real measurements' });
    expect(skipReason('process.env.BENCH_TEST_DATA', { data: '/data' })).toBeUndefined();
    expect(skipReason('it.skip()', { data: '' })).toBeUndefined();
  });
});

describe('part', () => {
  it('finds a program by override and says how to get an absent one', () => {
    expect(part('chromium', { BENCH_TEST_CHROMIUM: process.execPath, PATH: '' })).toMatchObject({
      present: true,
      path: process.execPath,
      skipped: undefined,
    });
    expect(part('chromium', { PATH: '' })).toMatchObject({
      present: false,
      path: undefined,
      skipped: expect.stringContaining('scripts/install-test-parts'),
    });
  });

  it('finds every part of the table that this machine has, and only with all of its programs', () => {
    for (const name of Object.keys(PARTS)) {
      const { present, path, skipped } = part(name);
      expect(present, name).toBe(path !== undefined);
      expect(skipped === undefined, name).toBe(present);
    }
    const folder = mkdtempSync(join(tmpdir(), 'parts-'));
    try {
      writeFileSync(join(folder, 'redis-server'), '', { mode: 0o755 });
      expect(part('redis', { PATH: folder }).present).toBe(false);
      for (const other of ['redis-cli', 'redis-benchmark']) writeFileSync(join(folder, other), '', { mode: 0o755 });
      expect(part('redis', { PATH: folder })).toMatchObject({ present: true, path: join(folder, 'redis-server') });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says of a part that no package brings who has it', () => {
    expect(part('gcloud', { PATH: '' })).toMatchObject({
      present: false,
      impossible: expect.stringContaining('cloud.google.com/sdk'),
      skipped: expect.stringContaining('no gcloud here: it is not in Debian'),
    });
  });

  it('refuses a name that is not in the table', () => {
    expect(() => part('chrome')).toThrow(`there are: ${Object.keys(PARTS).join(', ')}`);
  });
});
