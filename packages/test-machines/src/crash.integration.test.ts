import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { startMachine } from './index.ts';
import { identify, isRunning, processesOf } from './processes.ts';
import { run, until } from './run.ts';

const needed = [part('netns'), part('sshd'), part('docker')];
const compiled = fileURLToPath(new URL('../node_modules/.cache/victim/', import.meta.url));

/** A test run of its own: starts a machine, with a container when told so, or a Slurm, and waits to be killed. */
const VICTIM = `
import { baseImage, startMachine, startSlurm } from './index.js';
const withContainer = process.argv[2] === 'container';
const machine = process.argv[2] === 'slurm' ? (await startSlurm({ nodes: 1, cpuNodes: 0 })).node('gpu0') : await startMachine({ docker: withContainer });
if (withContainer) {
  const image = await baseImage();
  await machine.importImage(image);
  await machine.docker(['run', '-d', image.tag, 'sleep', '1000']);
}
console.log(JSON.stringify({ initPid: machine.initPid, config: machine.sshConfigFile, name: machine.name, address: machine.address }));
setInterval(() => {}, 1000);
`;

interface Victim {
  process: ChildProcess;
  initPid: number;
  config: string;
  name: string;
  address: string;
}

const startVictim = (...args: string[]) =>
  spawn(process.execPath, [join(compiled, 'victim.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function runningVictim(...args: string[]): Promise<Victim> {
  const victim = startVictim(...args);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: victim.stdout }).once('line', resolve);
    victim.once('exit', (code) => reject(new Error(`the victim ended by itself with ${code}`)));
  });
  return { process: victim, ...(JSON.parse(line) as Omit<Victim, 'process'>) };
}

async function kill(victim: ChildProcess): Promise<void> {
  if (victim.exitCode !== null || victim.signalCode !== null) return;
  victim.kill('SIGKILL');
  await new Promise((resolve) => victim.once('exit', resolve));
}

const cgroupsOf = (pid: number) =>
  ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)].flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => name.startsWith('bench-test-') && name.endsWith(`-${pid}`));
    } catch {
      return []; // a file
    }
  });

/** Folders of state whose owner is one of `pids`. */
function claimsOf(pids: (number | undefined)[]): string[] {
  const root = join(tmpdir(), 'bench-test-machines');
  return readdirSync(root).filter((name) => {
    const file = join(root, name, 'owner.json');
    return existsSync(file) && pids.includes((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid);
  });
}

describe.skipIf(needed.some(({ present }) => !present))('a test run that is killed', () => {
  beforeAll(() => {
    mkdirSync(compiled, { recursive: true });
    const source = fileURLToPath(new URL('./', import.meta.url));
    for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file))) {
      const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, rewriteRelativeImportExtensions: true };
      const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), { compilerOptions: options });
      mkdirSync(join(compiled, name, '..'), { recursive: true });
      writeFileSync(join(compiled, name.replace(/ts$/, 'js')), outputText);
    }
    writeFileSync(join(compiled, 'victim.js'), VICTIM);
    writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
  });
  afterAll(() => rmSync(compiled, { recursive: true, force: true }));

  it('takes its machines along at once, and the next start removes what they left', async () => {
    const victim = await runningVictim('container');
    const pid = victim.process.pid as number;
    const inside = processesOf(victim.initPid);
    expect(inside.map(({ name }) => name)).toEqual(expect.arrayContaining(['dockerd', 'containerd', 'sshd']));
    const ids = inside.map((found) => identify(found.pid));
    await kill(victim.process);
    await until('end of everything on the machine', () => !ids.some(isRunning));
    await until(
      'end of its network',
      () =>
        !Object.values(networkInterfaces())
          .flat()
          .some((entry) => entry?.address === victim.address.replace(/\.\d+$/, '.1')),
    );
    expect(claimsOf([pid])).not.toEqual([]);

    const machine = await startMachine({ docker: false });
    try {
      expect(claimsOf([pid])).toEqual([]);
      expect(cgroupsOf(pid)).toEqual([]);
      expect(existsSync(victim.config)).toBe(machine.sshConfigFile === victim.config);
    } finally {
      await machine.stop();
    }
  });

  it('may be killed at any moment of a start', async () => {
    const pids = [];
    for (const delayMs of [40, 80, 120, 160, 220, 300, 400]) {
      const victim = startVictim();
      pids.push(victim.pid);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await kill(victim);
    }
    const machine = await startMachine({ docker: false });
    try {
      expect(claimsOf(pids)).toEqual([]);
      expect((await run(['ssh', '-F', machine.sshConfigFile, machine.name, 'echo up'])).stdout).toBe('up\n');
    } finally {
      await machine.stop();
    }
  });

  it.skipIf(!part('slurm').present)('takes its Slurm along, and the next start removes what that left', async () => {
    const victim = await runningVictim('slurm');
    const pid = victim.process.pid as number;
    const inside = processesOf(victim.initPid);
    expect(inside.map(({ name }) => name)).toEqual(expect.arrayContaining(['slurmd', 'munged']));
    const ids = inside.map((found) => identify(found.pid));
    await kill(victim.process);
    await until('end of everything on the node', () => !ids.some(isRunning));
    const machine = await startMachine({ docker: false });
    try {
      expect(claimsOf([pid])).toEqual([]);
    } finally {
      await machine.stop();
    }
  });

  it('is told from one that is alive, which is left alone', async () => {
    const other = await runningVictim();
    try {
      const machine = await startMachine({ docker: false });
      await machine.stop();
      expect(machine.address).not.toBe(other.address);
      expect((await run(['ssh', '-F', other.config, other.name, 'echo alive'])).stdout).toBe('alive\n');
    } finally {
      await kill(other.process);
    }
  });
});
