import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folder, tinyRecipe } from './cli.ts';
import { Checkout, type Expressions, readWorkflow, type Step, type StepEnd, valueOf, type Workflow } from './workflow.ts';

const FILE = new URL('../../../examples/github-actions/bench.yml', import.meta.url);
const MARK = '<!-- bench compare -->';
const SHA = '0123456789abcdef0123456789abcdef01234567';

/** Answers like GitHub's program, out of the folder `github` beside its own. */
const GH = `
const fs = require('node:fs');
const path = require('node:path');
const github = path.join(__dirname, '..', 'github');
const argv = process.argv.slice(2);
const flag = (name) => argv[argv.indexOf(name) + 1];
if (argv[0] === 'run' && argv[1] === 'list') {
  if (fs.existsSync(path.join(github, 'out-of-order'))) { process.stderr.write('HTTP 502\\n'); process.exit(1); }
  const good = fs.readFileSync(path.join(github, 'good-runs'), 'utf8').split('\\n').filter(Boolean).map((line) => line.split(' '));
  const asked = argv.includes('--event') ? good.filter(([, event]) => event === flag('--event')) : good;
  for (const [id] of asked.slice(0, Number(flag('--limit')))) process.stdout.write(id + '\\n');
} else if (argv[0] === 'run' && argv[1] === 'download') {
  const kept = path.join(github, 'artifacts', argv[2]);
  if (!fs.existsSync(kept)) { process.stderr.write('no valid artifacts found to download\\n'); process.exit(1); }
  fs.cpSync(kept, flag('--dir'), { recursive: true });
} else if (argv[0] === 'api' && flag('--method') === 'PATCH') {
  const [, file] = flag('--field').split('=@');
  fs.copyFileSync(file, path.join(github, 'comment.md'));
} else if (argv[0] === 'api') {
  if (fs.existsSync(path.join(github, 'comment.md'))) process.stdout.write('4711\\n');
} else if (argv[0] === 'pr' && argv[1] === 'comment') {
  fs.copyFileSync(flag('--body-file'), path.join(github, 'comment.md'));
} else process.exit(99);
`;

const JOB_IF = "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository";
const COMMENT_IF = "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository";
const EVENT: Expressions = {
  'github.token': 'token-of-the-job',
  'github.repository': 'acme/model',
  'github.event.repository.default_branch': 'main',
  'github.event.pull_request.number': '7',
  'github.event.pull_request.head.sha || github.sha': SHA,
  'inputs.accept': '',
  '!inputs.accept': true,
  [COMMENT_IF]: false,
};
const PULL_REQUEST: Expressions = { ...EVENT, [COMMENT_IF]: true };

let workflow: Workflow;
let root: string;
let checkout: Checkout;
let recipe: string;

beforeAll(async () => {
  workflow = await readWorkflow(FILE);
  root = await folder();
  recipe = await tinyRecipe(root, { points: [2], requests: 8 });
  await mkdir(join(root, 'github', 'artifacts'), { recursive: true });
  await writeFile(join(root, 'github', 'good-runs'), '');
  checkout = await Checkout.make(join(root, 'checkout'), { workflow, gh: GH });
});

const steps = () => workflow.jobs.bench.steps;

/** Runs a job's steps in order; the answer is how each ended, by its name. Steps after one that failed are not run. */
async function job(expressions: Expressions, env: Record<string, string> = {}, from = 'Install'): Promise<Record<string, StepEnd>> {
  const ends: Record<string, StepEnd> = {};
  const known = { ...expressions };
  const begin = steps().findIndex(({ name }) => name === from);
  for (const step of steps()
    .slice(begin)
    .filter(({ run }) => run !== undefined)) {
    if (step.if !== undefined && valueOf(step.if, known) !== true) continue;
    const end = await checkout.run(step, { expressions: known, env: { RECIPE: recipe, ...env } });
    ends[step.name ?? ''] = end;
    for (const [name, value] of Object.entries(end.outputs)) known[`steps.${step.id ?? ''}.outputs.${name}`] = value;
    if (end.code !== 0) break;
  }
  return ends;
}

const codes = (ends: Record<string, StepEnd>) => Object.fromEntries(Object.entries(ends).map(([name, { code }]) => [name, code]));
const all = (ends: Record<string, StepEnd>) =>
  Object.values(ends)
    .map(({ output }) => output)
    .join('\n');
const comment = () => readFile(join(root, 'github', 'comment.md'), 'utf8');

/** What `actions/upload-artifact` would keep, as that of a workflow run; the next job has a fresh checkout. */
async function keep(id: string): Promise<void> {
  await cp(join(checkout.dir, 'bench-run'), join(root, 'github', 'artifacts', id), { recursive: true });
  for (const name of await readdir(checkout.dir)) await rm(join(checkout.dir, name), { recursive: true });
}

/** What the program that stands for `gh` knows. */
async function github() {
  const there = join(root, 'github');
  await rm(join(checkout.dir, 'bench-base'), { recursive: true, force: true });
  return {
    folder: there,
    artifacts: join(there, 'artifacts'),
    goodRuns: (text: string) => writeFile(join(there, 'good-runs'), text),
  };
}

function fetched(env: Record<string, string>): Promise<StepEnd> {
  const step = steps().find(({ name }) => name?.startsWith('Fetch'));
  const { env: own, ...rest } = step as Step;
  return checkout.run({ ...rest, env: { ...own, ...env } }, { expressions: EVENT, env: {} });
}

describe('the workflow for GitHub', () => {
  it('takes official actions by their version, no more rights than it says, and no expression in a script', () => {
    const used = steps().flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/[a-z-]+@v\d+$/);
    expect(workflow.permissions).toEqual({ contents: 'read', actions: 'read', 'pull-requests': 'write' });
    for (const { run } of steps()) expect(run ?? '').not.toContain('${{');
    const secret = (step: Step) => Object.entries(step.env ?? {}).filter(([, value]) => /secrets\.|github\.token/.test(value));
    expect(
      steps()
        .flatMap(secret)
        .map(([name]) => name),
    ).toEqual(['GH_TOKEN', 'GH_TOKEN']);
  });

  it('measures, compares with the last good run, comments once, and gates', { timeout: 600_000 }, async () => {
    // The first of all, on main: there is nothing to compare with.
    const first = await job(EVENT);
    expect(codes(first), all(first)).toEqual({
      Install: 0,
      Measure: 0,
      'Fetch the last good runs of main': 0,
      Compare: 0,
      Gate: 0,
    });
    expect(await checkout.summary()).toContain('no good run of main yet');
    const [install, ...rest] = await checkout.calls();
    expect(install).toMatchObject({
      program: 'npm',
      argv: expect.arrayContaining(['--global', '@bench/cli@0.1', '@bench/embedded-engine@0.1']),
    });
    expect(rest.length).toBeGreaterThan(0);
    for (const { argv } of rest) expect(argv).toEqual(expect.arrayContaining(['run', 'list', '--branch', 'main', '--status', 'success']));
    const [run = ''] = await readdir(join(checkout.dir, 'bench-run'));
    expect(JSON.parse(await readFile(join(checkout.dir, 'bench-run', run, 'notes.json'), 'utf8'))).toMatchObject({
      tags: [`commit=${SHA.slice(0, 12)}`],
    });
    expect(await readdir(join(checkout.dir, 'bench-run', run))).toContain('report.html');
    await keep('101');

    // A pull request, of which main has a good run and one whose artifact is gone.
    await writeFile(join(root, 'github', 'good-runs'), '102 push\n101 push\n');
    const lax = { GATES: 'output_throughput>1\n' };
    const second = await job(PULL_REQUEST, lax);
    expect(codes(second), all(second)).toMatchObject({ Compare: 0, 'Comment on the pull request': 0, Gate: 0 });
    expect(all(second)).toContain('run 102 has nothing left to download');
    expect(await comment()).toMatch(new RegExp(`^${MARK}\n`));
    expect(await comment()).toContain('passed');
    expect(await checkout.summary()).toContain(await comment());
    const written = (await checkout.calls()).at(-1);
    expect(written).toEqual({ program: 'gh', argv: ['pr', 'comment', '7', '--body-file', 'comment.md'], token: 'token-of-the-job' });

    // The same measurement, held to what no machine does: the one comment is changed, and the job fails with 7.
    const strict = { GATES: 'output_throughput>1000000000\n' };
    const third = await job(PULL_REQUEST, strict, 'Compare');
    expect(codes(third), all(third)).toEqual({ Compare: 0, 'Comment on the pull request': 0, Gate: 7 });
    expect(third['Gate']?.output).toContain('::error::a gate failed');
    expect(await comment()).toContain('failed');
    expect((await checkout.calls()).at(-1)?.argv.slice(0, 4)).toEqual([
      'api',
      '--method',
      'PATCH',
      'repos/acme/model/issues/comments/4711',
    ]);

    // Where forks are measured: nothing is written anywhere but into the summary, and the gate holds.
    const fork = await job(EVENT, strict, 'Compare');
    expect(codes(fork)).toEqual({ Compare: 0, Gate: 7 });
    expect(await checkout.calls()).toEqual([]);

    // Started by hand to be accepted: no gate, and from then on nothing older is a base.
    const accepted = await job({ ...EVENT, 'inputs.accept': 'true', '!inputs.accept': false }, strict, 'Compare');
    expect(codes(accepted)).toEqual({ Compare: 0 });
    await keep('103');
    await writeFile(join(root, 'github', 'good-runs'), '103 workflow_dispatch\n101 push\n');
    const [fetch] = steps().filter(({ name }) => name?.startsWith('Fetch'));
    const end = await checkout.run(fetch as Step, { expressions: EVENT, env: {} });
    expect([end.code, await readdir(join(checkout.dir, 'bench-base'))]).toEqual([0, ['103']]);
  });

  it('measures no pull request of a stranger', () => {
    expect(workflow.jobs.bench.if).toBe(JOB_IF);
  });

  it('takes no run of a pull request as a base, however its branch is called', async () => {
    const { artifacts, goodRuns } = await github();
    for (const id of ['201', '202', '203', '204']) await mkdir(join(artifacts, id, 'r1'), { recursive: true });
    await writeFile(join(artifacts, '204', 'accepted'), '');
    await goodRuns('204 pull_request\n203 push\n202 workflow_dispatch\n201 push\n');
    const end = await fetched({ BASE_RUNS: '2' });
    expect([end.code, (await readdir(join(checkout.dir, 'bench-base'))).sort()], end.output).toEqual([0, ['202', '203']]);
  });

  it('ends badly when it is not told which runs were good, and takes that for no missing base', async () => {
    const { folder: there } = await github();
    await writeFile(join(there, 'out-of-order'), '');
    const ends = await job(EVENT, {}, 'Fetch the last good runs of main');
    await rm(join(there, 'out-of-order'));
    expect(codes(ends), all(ends)).toEqual({ 'Fetch the last good runs of main': 1 });
    expect(all(ends)).toContain('HTTP 502');
  });

  it('replaces its comment when there is no comparison', async () => {
    await mkdir(join(checkout.dir, 'bench-base', '301', 'r1'), { recursive: true });
    await mkdir(join(checkout.dir, 'bench-run', 'r2'), { recursive: true });
    for (const run of ['bench-base/301/r1', 'bench-run/r2']) await writeFile(join(checkout.dir, run, 'run.json'), '{}');
    await writeFile(join(root, 'github', 'comment.md'), `${MARK}\n\npassed\n`);
    const ends = await job(PULL_REQUEST, {}, 'Compare');
    expect(ends['Compare']?.code).toBe(0);
    const code = Number(ends['Compare']?.outputs['code']);
    expect(code).toBeGreaterThan(0);
    expect(ends['Gate']?.code).toBe(code);
    expect(await comment()).toMatch(new RegExp(`^${MARK}\n\n\\*\\*Not compared\\*\\*: \`bench compare\` ended with ${code}\\.\n\n    \\S`));
    expect(await checkout.summary()).toContain(await comment());
    expect(ends['Compare']?.output).toContain('error');
  });
});
