import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platformProblem } from './lib/platform.mjs';
import { capture, run } from './lib/run.mjs';
import { pinnedPnpm, ROOT } from './lib/workspace.mjs';

let folder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts interrupts, ends a while after the first, says how many came. */
const CHILD = `
let count = 0;
const alive = setInterval(() => {}, 1000);
process.on('SIGINT', () => {
  count += 1;
  if (count === 1) setTimeout(() => { console.log('interrupts: ' + count); clearInterval(alive); process.exitCode = 42; }, 300);
});
console.log('ready');
`;

describe('run', () => {
  it('passes an interrupt on once, outlives the child and hands its exit code over', async () => {
    const child = join(folder, 'child.mjs');
    const parent = join(folder, 'parent.mjs');
    writeFileSync(child, CHILD);
    writeFileSync(
      parent,
      `import { run } from ${JSON.stringify(pathToFileURL(join(ROOT, 'scripts/lib/run.mjs')).href)};
const { code, interrupted } = await run(process.execPath, [${JSON.stringify(child)}]);
console.log(JSON.stringify({ code, interrupted }));`,
    );
    const started = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    started.stdout.setEncoding('utf8').on('data', (text) => {
      // Twice, as npm above us and a terminal may do it.
      if (output === '' && text.includes('ready')) for (const delay of [0, 50]) setTimeout(() => started.kill('SIGINT'), delay);
      output += text;
    });
    const code = await new Promise((resolve) => started.on('close', resolve));
    expect(code).toBe(0);
    expect(output.trim().split('\n')).toEqual(['ready', 'interrupts: 1', '{"code":42,"interrupted":true}']);
  });

  it('counts a signal as shells do, and stops what takes too long', async () => {
    const { code } = await run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', timeoutMs: 200 });
    expect(code).toBe(137);
  });

  it('says which program is missing', async () => {
    await expect(run('no-such-program', [])).rejects.toThrow('cannot run no-such-program');
  });

  it('fails with everything that a captured program said', async () => {
    await expect(capture(process.execPath, ['-e', 'console.log("out"); console.error("err"); process.exit(3)'])).rejects.toThrow(
      /exit code 3\nout\nerr/,
    );
  });
});

describe('platformProblem', () => {
  it('promises Linux with glibc on x64 and arm64, and says elsewhere what to do', () => {
    for (const arch of ['x64', 'arm64']) expect(platformProblem({ platform: 'linux', arch, glibc: '2.36' })).toBeUndefined();
    expect(platformProblem({ platform: 'darwin', arch: 'arm64', glibc: undefined })).toMatch(/this is darwin on arm64.*docker run/s);
    expect(platformProblem({ platform: 'linux', arch: 'riscv64', glibc: '2.36' })).toMatch(/riscv64/);
    expect(platformProblem({ platform: 'linux', arch: 'x64', glibc: undefined })).toMatch(/another C library.*docker run/s);
  });
});

describe('pinnedPnpm', () => {
  it('reads one exact version', () => {
    expect(pinnedPnpm()).toMatch(/^pnpm@\d+\.\d+\.\d+$/);
  });
});
