// Package gates: what is published is what a user can install, import and read. Needs a build (npm run build).
import { readFile } from 'node:fs/promises';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { listTarball, packAll, packedManifest } from './lib/pack.mjs';
import { packedProblems } from './lib/packed-problems.mjs';
import { run, say } from './lib/run.mjs';

const NODE_BIN = (name) => `node_modules/.bin/${name}`;

async function publintProblems(pkg) {
  const bytes = await readFile(pkg.tarball);
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg: packed } = await publint({ pack: { tarball }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, packed, { color: false })}`);
}

async function attwProblems(pkg) {
  const args = [pkg.tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-color'];
  const { code, stdout, stderr } = await run(NODE_BIN('attw'), args, { stdio: ['ignore', 'pipe', 'pipe'], timeoutMs: 120_000 });
  return code === 0 ? [] : [`attw: ${stdout}${stderr}`.trim()];
}

async function packageProblems(pkg) {
  const [files, manifest] = await Promise.all([listTarball(pkg.tarball), packedManifest(pkg.tarball)]);
  const own = packedProblems(files, manifest);
  // Without its files the other two only say the same at length.
  if (own.some((problem) => problem.includes('ships no dist/'))) return own;
  return [...own, ...(await publintProblems(pkg)), ...(await attwProblems(pkg))];
}

say('Packing every publishable package: file list, manifest, publint, attw');
let failed = 0;
for (const pkg of await packAll()) {
  const problems = await packageProblems(pkg);
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${pkg.name}`);
  for (const problem of problems) console.log(`     ${problem.replaceAll('\n', '\n     ')}`);
  if (problems.length > 0) failed += 1;
}

say('knip: files, exports and dependencies that nothing uses');
const knip = await run(NODE_BIN('knip'), ['--no-progress', '--no-config-hints']);
if (knip.code === 0) console.log('ok   nothing unused');
else failed += 1;

if (failed > 0) console.error(`\n${failed} gate${failed === 1 ? '' : 's'} failed`);
process.exitCode = failed > 0 ? 1 : 0;
