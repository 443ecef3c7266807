import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { part, PARTS, testData } from '../parts.mjs';
import { readJson, ROOT, workspacePackages } from './workspace.mjs';

const DATA_HINT = 'BENCH_TEST_DATA=<folder with the real measurements> npm test';

const reportFolders = (root) => [join(root, 'test-report'), ...workspacePackages(root).map(({ path }) => join(path, 'test-report'))];

/** Forgets earlier reports, so that what is added up afterwards is of this run (replayed ones are put back by turbo). */
export function clearReports(root = ROOT) {
  for (const folder of reportFolders(root)) rmSync(folder, { recursive: true, force: true });
}

/**
 * Why a test file may have skipped, read from what it asks for: parts that are absent, the data, or the user who runs it.
 * @returns {{ reason: string, enable: string, allowed: boolean } | undefined} undefined: no known reason, which is a mistake of the test
 */
export function skipReason(source, { findPart = part, data = testData() } = {}) {
  // Also by a list: `['sshd', 'docker'].map((name) => part(name))`.
  const names = /\bpart\(/.test(source) ? Object.keys(PARTS).filter((name) => source.includes(`'${name}'`)) : [];
  const absent = names.map((name) => findPart(name)).filter(({ present }) => !present);
  const [first] = absent;
  if (first) {
    return {
      reason: absent.map(({ name, impossible }) => (impossible ? `no ${name} (impossible here: ${impossible})` : `no ${name}`)).join(', '),
      enable: 'sudo scripts/install-test-parts',
      allowed: absent.every(({ impossible }) => impossible !== undefined),
    };
  }
  if (!data && /BENCH_TEST_DATA|\btestData\(/.test(source)) return { reason: 'no real measurements', enable: DATA_HINT, allowed: true };
  // Not everything can be seen by root, and not everything by others.
  if (/\bprocess\.getuid\b/.test(source))
    return { reason: 'depends on who runs it', enable: 'npm test, as root and as another user', allowed: true };
  return undefined;
}

/** What an error says: the end of a long log is often all that is kept of it. */
const beginning = (message) => message.split('\n', 4).filter((line) => line !== '');

/**
 * Adds up one vitest JSON report.
 * @param {any} report
 * @param {{ readSource?: (path: string) => string, reasonOf?: typeof skipReason, root?: string }} [options]
 */
export function tallyReport(report, { readSource = (path) => readFileSync(path, 'utf8'), reasonOf = skipReason, root = ROOT } = {}) {
  const tally = { passed: 0, failed: 0, skipped: [], failures: [] };
  for (const file of report.testResults) {
    const name = relative(root, file.name);
    const statuses = file.assertionResults.map(({ status }) => status);
    tally.passed += statuses.filter((status) => status === 'passed').length;
    for (const { fullName, failureMessages = [] } of file.assertionResults.filter(({ status }) => status === 'failed'))
      tally.failures.push([`${name}: ${fullName}`, ...beginning(failureMessages[0] ?? '')].join('\n      '));
    if (file.status === 'failed' && !statuses.includes('failed'))
      tally.failures.push(`${name}: ${file.message.split('\n')[0] || 'the file failed'}`);
    const skipped = file.assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
    if (skipped.length === 0) continue;
    const why = reasonOf(readSource(file.name));
    tally.skipped.push(...skipped.map(({ fullName }) => ({ file: name, test: fullName, ...why })));
  }
  tally.failed = tally.failures.length;
  return tally;
}

/** Adds up every report that lies in the repository. */
export function tallyAll(root = ROOT) {
  const total = { passed: 0, failed: 0, skipped: [], failures: [], reports: [] };
  for (const folder of reportFolders(root).filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder).filter((entry) => /^(unit|system|scripts)\.json$/.test(entry))) {
      const path = join(folder, name);
      const tally = tallyReport(readJson(path), { root });
      total.reports.push({ path: relative(root, path), passed: tally.passed, failed: tally.failed, skipped: tally.skipped.length });
      total.passed += tally.passed;
      total.failed += tally.failed;
      total.skipped.push(...tally.skipped);
      total.failures.push(...tally.failures);
    }
  }
  return total;
}
