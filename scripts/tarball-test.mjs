// Installs what would be published, from tarballs, into empty folders with npm, and uses it there as a stranger would.
// Needs a build (npm run build). TARBALL_TEST_KEEP=1 leaves the folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from './lib/pack.mjs';
import { run, say, seconds } from './lib/run.mjs';

const base = mkdtempSync(join(tmpdir(), 'tarball-test-'));
const packed = await packAll(join(base, 'tarballs'));
const fileSpecs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
const results = [];

/** The environment of a stranger: nothing that `npm run` here tells npm about this repository. */
const STRANGER = {
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((key) =>
        /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|npm_config_workspace|npm_command$|INIT_CWD$|BENCH_)/.test(key),
      )
      .map((key) => [key, undefined]),
  ),
  XDG_CACHE_HOME: join(base, 'cache'),
  NO_COLOR: '1',
};

/** Runs a program in a folder; fails with everything it said. */
async function stranger(cwd, program, ...args) {
  const { code, stdout, stderr } = await run(program, args, { cwd, env: STRANGER, stdio: ['ignore', 'pipe', 'pipe'], timeoutMs: 300_000 });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`.trim());
  return stdout;
}

/** An empty folder with the packages installed; our own dependencies resolve to the tarballs, since nothing is published yet. */
async function folderWith(name, { ours, others = {}, flags = [] }) {
  const folder = join(base, name);
  mkdirSync(folder);
  const dependencies = { ...Object.fromEntries(ours.map((pkg) => [pkg, fileSpecs[pkg]])), ...others };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, dependencies, overrides: fileSpecs }, undefined, 2));
  await stranger(folder, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...flags);
  return folder;
}

/** Names of all packages installed below a folder. */
function installed(folder) {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name];
  });
  return [...names, ...names.flatMap((name) => installed(join(modules, name)))];
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

async function check(name, action) {
  const startedAt = performance.now();
  let error;
  try {
    await action();
  } catch (caught) {
    error = caught;
  }
  results.push({ name, error });
  console.log(`${error ? 'FAIL' : 'ok  '} ${name} (${seconds(performance.now() - startedAt)})`);
  if (error) console.log(`     ${String(error.message).replaceAll('\n', '\n     ')}`);
}

const HEAVY = ['ssh2', 'exceljs', 'node-llama-cpp'];
const TINY_RECIPE = `model:
  random: tiny
engine:
  llm:
    context_length: 512
    max_concurrent_requests: 2
    embedded: {}
benchmark:
  random_input_len: 32
  random_output_len: 8
  max_concurrency: 2
  num_prompts: 4
`;

say('Using the packed packages in empty folders');
let cliFolder = '';
await check('npm install @bench/cli', async () => {
  cliFolder = await folderWith('cli', { ours: ['@bench/cli'] });
  const names = installed(cliFolder);
  expect(!names.includes('node-llama-cpp'), '@bench/cli brings node-llama-cpp, which is for @bench/embedded-engine alone to bring');
  expect(!names.includes('typescript') && !names.includes('vitest'), '@bench/cli brings development tools');
});
await check('npx bench --help', async () => {
  const help = await stranger(cliFolder, 'npx', '--no-install', 'bench', '--help');
  for (const command of ['run', 'load', 'init', 'recipe', 'report', 'list', 'status'])
    expect(help.includes(command), `help does not mention "${command}":\n${help}`);
});
await check('npx bench init, and npx bench recipe validate on what it wrote', async () => {
  await stranger(cliFolder, 'npx', '--no-install', 'bench', 'init', 'my-recipe');
  expect(existsSync(join(cliFolder, 'my-recipe/recipe.yaml')), 'init wrote no my-recipe/recipe.yaml');
  await stranger(cliFolder, 'npx', '--no-install', 'bench', 'recipe', 'validate', 'my-recipe');
});
await check('every library can be imported and required', async () => {
  for (const { name } of packed.filter(({ manifest }) => manifest.exports?.['.'])) {
    if (!installed(cliFolder).includes(name)) continue;
    await stranger(cliFolder, process.execPath, '--input-type=module', '-e', `await import(${JSON.stringify(name)})`);
    await stranger(cliFolder, process.execPath, '--no-warnings', '--input-type=commonjs', '-e', `require(${JSON.stringify(name)})`);
  }
});
await check('without the engine, bench run says which command adds it', async () => {
  mkdirSync(join(cliFolder, 'tiny-cpu'));
  writeFileSync(join(cliFolder, 'tiny-cpu/recipe.yaml'), TINY_RECIPE);
  const said = await stranger(cliFolder, 'npx', '--no-install', 'bench', 'run', 'tiny-cpu').catch((error) => error.message);
  expect(/exit code 3\n/.test(said), `expected exit code 3:\n${said}`);
  expect(/npm (i|install) .*@bench\/embedded-engine/.test(said), `it does not name the command:\n${said}`);
});
await check("the CLI in an npx cache runs with the engine of the user's folder", async () => {
  const engine = packed.find(({ name }) => name === '@bench/embedded-engine');
  const version = JSON.parse(await stranger(base, 'tar', 'xzOf', engine.tarball, 'package/package.json')).dependencies['node-llama-cpp'];
  const folder = await folderWith('user', {
    ours: ['@bench/embedded-engine'],
    others: { [`@node-llama-cpp/linux-${process.arch}`]: version },
    flags: ['--omit=optional'],
  });
  mkdirSync(join(folder, 'tiny-cpu'));
  writeFileSync(join(folder, 'tiny-cpu/recipe.yaml'), TINY_RECIPE);
  await stranger(folder, join(cliFolder, 'node_modules/.bin/bench'), 'run', 'tiny-cpu');
  const [runId] = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')).filter((name) => /^r[a-z0-9]{9}$/.test(name)) : [];
  expect(runId, 'bench run left no runs/<id>');
  for (const file of ['run.json', 'report.html', 'report.xlsx'])
    expect(existsSync(join(folder, 'runs', runId, file)), `runs/${runId} has no ${file}`);
});
await check("a plugin in the user's folder is found, and a broken one beside it stops nothing", async () => {
  const folder = join(base, 'plugins');
  mkdirSync(folder);
  const engine = `{name: 'mine', settings: {'~standard': {version: 1, vendor: 'me', validate: (value) => ({value})}}, models: new Set(['huggingface']),
    llmFields: new Set(), tasks: new Set(['generate']), defaultImage: () => 'me/mine:1', launch: () => ({image: 'me/mine:1', args: ['serve'], env: {}}),
    reservedFlags: new Set(), paths: {health: '/health'}, api: {tokenIdPrompts: false, ignoreEos: false, streamUsage: false}}`;
  writeFileSync(join(folder, 'mine.mjs'), `export default {contractVersion: 1, name: 'my-plugin', engines: [${engine}]};\n`);
  writeFileSync(join(folder, 'bench.config.yaml'), 'plugins: [./mine.mjs]\n');
  mkdirSync(join(folder, 'with-mine'));
  writeFileSync(join(folder, 'with-mine/recipe.yaml'), 'model: {huggingface: org/m}\nengine: {llm: {mine: {}}}\n');
  const bench = join(cliFolder, 'node_modules/.bin/bench');
  const listed = await stranger(folder, bench, 'plugins');
  expect(/my-plugin\s+engine mine/.test(listed), `bench plugins does not list it:\n${listed}`);
  const planned = await stranger(folder, bench, 'run', 'with-mine', '--on', 'docker', '--dry-run');
  expect(planned.includes('me/mine:1'), `the plan has no image of the plugin's engine:\n${planned}`);
  writeFileSync(join(folder, 'bench.config.yaml'), 'plugins: [not-installed, ./mine.mjs]\n');
  const said = await stranger(folder, bench, 'plugins').catch((error) => error.message);
  expect(
    /exit code 3\n/.test(said) && said.includes('npm install not-installed') && said.includes('engine mine'),
    `expected a fault and a plugin:\n${said}`,
  );
});
for (const name of ['@bench/recipe', '@bench/loadgen']) {
  await check(`${name} alone brings none of ${HEAVY.join(', ')}`, async () => {
    const folder = await folderWith(name.split('/')[1], { ours: [name] });
    const unwanted = installed(folder).filter((other) => HEAVY.includes(other));
    expect(unwanted.length === 0, `it brings ${unwanted.join(', ')}`);
    await stranger(folder, process.execPath, '--input-type=module', '-e', `await import(${JSON.stringify(name)})`);
  });
}

if (process.env.TARBALL_TEST_KEEP) console.log(`\nleft at ${base}`);
else rmSync(base, { recursive: true, force: true });
const failed = results.filter(({ error }) => error).length;
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
