import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateKeyPair } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The built program. */
const PROGRAM = fileURLToPath(new URL('../../../dist/testing/program/bench-fake-cloud.js', import.meta.url));

let folder = '';
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-program-'));
});
afterEach(async () => {
  if (child?.exitCode === null) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** Starts it; its machines lie below `folder`. */
async function start(args: readonly string[]) {
  if (!existsSync(PROGRAM)) throw new Error('build the package first: these tests run its program');
  const started = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  child = started;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    started.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const [line] = (await Promise.race([
    new Promise<string[]>((resolve) => createInterface({ input: started.stdout }).once('line', (text) => resolve([text]))),
    exited.then(({ code }) => Promise.reject(new Error(`ended with ${code}`))),
  ])) as [string];
  return { ...(JSON.parse(line) as { provider: string; url: string; key: string; pid: number }), process: started, exited };
}

async function rent(o: { url: string; key: string }): Promise<void> {
  const vm = { image_url: 'https://images.example/a.img', ssh_key: { PublicKeys: [generateKeyPair().publicKey] } };
  const selector = { ByInstanceTypeAndLocation: { instance_type: 'rtx49-7-50-500-nr.1' } };
  const answer = await fetch(`${o.url}/api/v1/instances/rent`, {
    method: 'POST',
    headers: { 'x-api-key': o.key },
    body: JSON.stringify({ version: '2026-05-26', data: { selector, with_public_ip: true, config: { VirtualMachine: vm } } }),
  });
  expect(answer.status).toBe(201);
}

describe('bench-fake-cloud', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('prints where it is, and ends on %s with all its machines', async (signal) => {
    const program = await start(['cloudrift', '--machines', 'in-process', '--key', 'a-key-of-a-test']);
    expect(program).toMatchObject({ provider: 'cloudrift', key: 'a-key-of-a-test', pid: program.process.pid });
    await rent(program);
    const state = (await (await fetch(`${program.url}/_fake/state`)).json()) as { live: unknown[] };
    expect(state.live).toHaveLength(1);
    program.process.kill(signal);
    expect(await program.exited).toEqual({ code: signal === 'SIGTERM' ? 0 : 130, signal: null });
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with who started it, when told to', async () => {
    const program = await start(['gcp', '--exit-on-stdin-end']);
    program.process.stdin?.end();
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });
});
