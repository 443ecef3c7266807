import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { part, PARTS, testData } from '../parts.mjs';
import { failedFiles, mergeAgain, MOST_FILES } from './again.mjs';
import { ensureInstalled } from './install.mjs';
import { pnpmArgs, QUIET_ENV, run, say, seconds, turboArgs } from './run.mjs';
import { clearReports, tallyAll } from './tally.mjs';
import { readJson, ROOT, workspacePackages } from './workspace.mjs';

/** Ids of the turbo tasks that failed in the newest run; test tasks tell of themselves in their reports. */
function failedTasks(since) {
  const folder = join(ROOT, '.turbo/runs');
  const newest = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .filter(({ at }) => at >= since)
    .sort((a, b) => b.at - a.at)[0];
  if (!newest) return [];
  return readJson(newest.path)
    .tasks.filter(({ execution }) => execution && execution.exitCode !== 0)
    .map(({ taskId, directory }) => ({ taskId, directory }));
}

const isTest = (taskId) => /[:#]test/.test(taskId);

function printSkipped(skipped) {
  const groups = new Map();
  for (const entry of skipped) {
    const key = entry.reason ? `${entry.reason}\n  to run them: ${entry.enable}` : 'for no reason that is allowed';
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  for (const [why, entries] of groups) {
    console.log(`\nskipped, ${why}`);
    for (const entry of entries) console.log(`  - ${entry.file}: ${entry.test}`);
  }
}

const SYSTEM = join(ROOT, 'test-report/system.json');
const systemTests = (env, files = []) =>
  run('npx', pnpmArgs('exec', 'vitest', 'run', '--config', 'vitest.system.config.ts', ...files), { env });

/**
 * Runs the files with a failure of one suite a second time, each test of them: one outcome of a race is no verdict, and both are told. The suite's
 * report is then that of the last runs.
 * @param {string} path of its JSON report
 * @param {(files: string[]) => Promise<{ code: number, interrupted: boolean }>} runFiles
 */
async function again(path, runFiles) {
  const first = existsSync(path) ? readJson(path) : { testResults: [] };
  const files = failedFiles(first);
  if (files.length === 0 || files.length > MOST_FILES) return { code: 1, interrupted: false, unsteady: [] };
  say(`Running ${files.length === 1 ? relative(ROOT, files[0] ?? '') : `${files.length} files`} again`);
  renameSync(path, path.replace(/\.json$/, '-first.json'));
  const second = await runFiles(files);
  const { report, unsteady } = mergeAgain(first, existsSync(path) ? readJson(path) : { testResults: [] });
  writeFileSync(path, JSON.stringify(report));
  return { ...second, unsteady };
}

/** The same for the unit tests of each package. `mended`: folders of those that are well now. */
async function unitAgain(env) {
  /** @type {{ interrupted: boolean, unsteady: { file: string, test: string, error: string }[], mended: string[] }} */
  const outcome = { interrupted: false, unsteady: [], mended: [] };
  for (const { folder, path } of workspacePackages(ROOT)) {
    const report = join(path, 'test-report/unit.json');
    if (!existsSync(report) || failedFiles(readJson(report)).length === 0) continue;
    const { code, interrupted, unsteady } = await again(report, (files) =>
      run('npx', pnpmArgs('exec', 'vitest', 'run', ...files), { env, cwd: path }),
    );
    outcome.unsteady.push(...unsteady);
    if (code === 0) outcome.mended.push(folder);
    if (interrupted) return { ...outcome, interrupted };
  }
  return outcome;
}

/**
 * Installs, builds, runs the tests, prints what was skipped and a closing `N passed, N failed, N skipped`.
 * Resolves with the exit code.
 * @param {string[]} args `--no-skips`, `--again` (files with a test that failed are run a second time, and named)
 */
export async function test(args) {
  const startedAt = Date.now();
  const strict = args.includes('--no-skips');
  const withSystem = process.env.BENCH_TEST_SYSTEM === '1';
  const data = testData();
  const present = Object.keys(PARTS).filter((name) => part(name).present);
  // What a test's outcome depends on is part of its cache key: a test skipped today must not be replayed tomorrow.
  const env = { ...QUIET_ENV, BENCH_TEST_DATA: data, BENCH_TEST_PARTS: present.join(',') };

  const installed = await ensureInstalled();
  if (installed.interrupted) return 130;
  if (installed.code !== 0) return installed.code;
  clearReports();

  say('Building, checking types and running the unit tests (what did not change is replayed)');
  const tasks = ['build', 'typecheck', 'test', 'test:scripts'];
  const flags = [
    '--output-logs=new-only',
    '--log-order=grouped',
    '--continue=dependencies-successful',
    '--summarize',
    `--concurrency=${Math.max(2, availableParallelism())}`,
  ];
  const unit = await run('npx', turboArgs(...tasks, ...flags), { env });
  if (unit.interrupted) return 130;
  let broken = unit.code === 0 ? [] : failedTasks(startedAt);
  const unexplainedEnd = unit.code !== 0 && broken.length === 0;
  /** @type {{ file: string, test: string, error: string }[]} */
  const unsteady = [];
  if (unit.code !== 0 && args.includes('--again')) {
    const second = await unitAgain(env);
    if (second.interrupted) return 130;
    unsteady.push(...second.unsteady);
    broken = broken.filter(({ taskId, directory }) => !(isTest(taskId) && second.mended.includes(directory)));
  }

  let system = { code: 0, interrupted: false };
  if (withSystem) {
    say('Running the integration and end-to-end tests');
    system = await systemTests(env);
    if (system.interrupted) return 130;
    if (system.code !== 0 && args.includes('--again')) {
      const second = await again(SYSTEM, (files) => systemTests(env, ['--no-file-parallelism', ...files]));
      if (second.interrupted) return 130;
      unsteady.push(...second.unsteady);
      system = second;
    }
  }

  const total = tallyAll();
  const withoutReport = broken.filter(
    ({ taskId, directory }) =>
      !isTest(taskId) || !total.reports.some(({ path, failed }) => failed > 0 && path.startsWith(directory || 'test-report')),
  );
  const failures = [...total.failures, ...withoutReport.map(({ taskId }) => `${taskId}: the task failed, see above`)];
  if (failures.length === 0 && (unexplainedEnd || broken.length > 0 || system.code !== 0))
    failures.push('a test run ended badly without a failing test, see above');

  if (!withSystem) console.log('\nleft out: integration and end-to-end tests\n  to run them: BENCH_TEST_SYSTEM=1 npm test');
  printSkipped(total.skipped);
  if (unsteady.length > 0) console.log('\nfailed at first and passed when run again, which has a cause that is to be found:');
  for (const { file, test: name, error } of unsteady) console.log(`  - ${file}: ${name}\n${error.replaceAll(/^/gm, '      ')}`);
  const unexplained = total.skipped.filter(({ allowed }) => (strict ? !allowed : allowed === undefined));
  if (unexplained.length > 0 && strict)
    failures.push(...unexplained.map(({ file, test: name }) => `${file}: skipped, which is not allowed here: ${name}`));
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `  - ${line}`).join('\n')}`);

  const summary = { passed: total.passed, failed: failures.length, skipped: total.skipped.length };
  mkdirSync(join(ROOT, 'test-report'), { recursive: true });
  writeFileSync(
    join(ROOT, 'test-report/summary.json'),
    `${JSON.stringify({ ...summary, failures, reports: total.reports }, undefined, 2)}\n`,
  );
  console.log(`\nafter ${seconds(Date.now() - startedAt)}:`);
  console.log(`${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`);
  return failures.length > 0 ? 1 : 0;
}
