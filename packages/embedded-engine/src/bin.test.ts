import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, realpath, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { processAlive } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCommand } from './args.ts';
import { ENGINE_VERSION, PROTOCOL_VERSION } from './index.ts';
import { BIN, startChild, type Child } from './testing/child.ts';
import { clientOf } from './testing/client.ts';
import { temporaryFolder } from './testing/engine.ts';

const folder = temporaryFolder();
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

function run(args: string[], env?: NodeJS.ProcessEnv, bin?: string): Child {
  const child = startChild(args, env, bin);
  started.push(child.process);
  return child;
}

const tiny = (...more: string[]) => ['--model-random', 'tiny', '--cache-dir', folder.path, ...more];

async function serving(args: string[], env?: NodeJS.ProcessEnv) {
  const child = run(args, env);
  const { port } = await child.event('listening');
  return { child, baseUrl: `http://127.0.0.1:${String(port)}` };
}

describe('the command', () => {
  it('shakes hands without a model', async () => {
    const child = run(['--handshake']);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.lines).toHaveLength(1);
    expect(JSON.parse(child.lines[0]!)).toEqual({
      name: '@bench/embedded-engine',
      version: ENGINE_VERSION,
      protocol: PROTOCOL_VERSION,
      llamaCpp: expect.stringMatching(/\d/) as string,
      platform: `${process.platform}-${process.arch}`,
      ready: true,
    });
  });

  it('says so on a platform without a library', async () => {
    const elsewhere = 'Object.defineProperty(process, "arch", { value: "riscv64" })';
    const child = run(['--handshake'], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(elsewhere)}` });
    expect((await child.exited).code).toBe(3);
    expect(child.stderr()).toMatch(/no prebuilt library for \w+-riscv64\n.*linux-x64, linux-arm64/);
  });

  it('names the package to add when the library is missing', async () => {
    const packageFolder = dirname(dirname(BIN));
    const copy = join(folder.path, 'installed');
    await mkdir(join(copy, 'node_modules', '@bench'), { recursive: true });
    await cp(dirname(BIN), join(copy, 'dist'), { recursive: true });
    await cp(join(packageFolder, 'package.json'), join(copy, 'package.json'));
    await symlink(await realpath(join(packageFolder, 'node_modules', '@bench', 'core')), join(copy, 'node_modules', '@bench', 'core'));
    const child = run(['--handshake'], {}, join(copy, 'dist', 'bin.js'));
    expect((await child.exited).code).toBe(3);
    expect(child.stderr()).toMatch(/npm i --omit=optional @bench\/embedded-engine @node-llama-cpp\/[\w-]+@3\.22\.1/);
  });

  it('tells its version and its options', async () => {
    const [version, help] = [run(['--version']), run(['--help'])];
    expect([(await version.exited).code, version.lines]).toEqual([0, [ENGINE_VERSION]]);
    expect((await help.exited).code).toBe(0);
    expect(help.lines.join('\n')).toContain('--model-random');
  });

  it.each([
    [['--model-random', 'tiny', '--bogus'], /--bogus/],
    [['stray'], /stray/],
    [[], /--model-random tiny\|small or --model/],
    [['--model-random', 'huge'], /tiny or small, not "huge"/],
    [['--model-random', 'tiny', '--model', 'x.gguf'], /either/],
    [['--model-random', 'tiny', '--port', '70000'], /--port must be.*65535/],
    [['--model-random', 'tiny', '--parallel', 'many'], /--parallel.*"many"/],
  ])('refuses %j as wrong usage', (args, says) => {
    expect(() => parseCommand(args)).toThrow(
      expect.objectContaining({ code: 'BENCH_ENGINE_USAGE', exitCode: 2, message: expect.stringMatching(says) as string }),
    );
  });

  it('ends with exit code 2 for wrong usage, and starts nothing', async () => {
    const child = run(['--model-random', 'tiny', '--bogus']);
    expect((await child.exited).code).toBe(2);
    expect(child.stderr()).toMatch(/--bogus.*\n.*--help/);
    expect(child.lines).toEqual([]);
  });

  it('says what is wrong with a model file', async () => {
    const child = run(['--model', join(folder.path, 'none.gguf')]);
    expect((await child.exited).code).toBe(1);
    expect(child.stderr()).toMatch(/cannot load .*none\.gguf/);
    expect(child.stderr()).toMatch(/give a GGUF file/);
  });

  it('says so when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const child = run(tiny('--port', String((other.address() as AddressInfo).port)));
    expect((await child.exited).code).toBe(1);
    expect(child.stderr()).toMatch(/cannot listen on 127\.0\.0\.1:\d+.*EADDRINUSE/);
    other.close();
  });

  it('refuses a context that the model cannot have', async () => {
    const child = run(tiny('--context-length', '5000'));
    expect((await child.exited).code).toBe(2);
    expect(child.stderr()).toMatch(/5000 tokens is more than the 4096/);
  });

  it('reports each phase and then, once, that it listens; its flags are in effect', async () => {
    const { child, baseUrl } = await serving(tiny('--served-model-name', 'mine', '--context-length', '512', '--parallel', '3'), {
      BENCH_ENGINE_API_KEY: 'from the environment',
    });
    const events = child.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ event, phase }) => phase ?? event)).toEqual([
      'weights_write',
      'native_load',
      'weights_load',
      'context_create',
      'warm_up',
      'listen',
      'listening',
    ]);
    expect(events.at(-1)).toEqual({
      event: 'listening',
      host: '127.0.0.1',
      port: expect.any(Number) as number,
      model: 'mine',
      version: ENGINE_VERSION,
      protocol: PROTOCOL_VERSION,
    });
    expect((await fetch(`${baseUrl}/v1/models`)).status).toBe(401);
    const client = clientOf(baseUrl, 'from the environment');
    expect(await client.metrics()).toMatchObject({ slots: 3, prompt_tokens_total: 0 });
    const { body } = await client.json('/tokenize', { prompt: 'the', model: 'mine' });
    expect(body).toMatchObject({ max_model_len: 512 });
  });

  it('keeps generated weights under XDG_CACHE_HOME', async () => {
    const cache = join(folder.path, 'xdg');
    await mkdir(cache);
    const { child } = await serving(['--model-random', 'tiny'], { XDG_CACHE_HOME: cache });
    child.process.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(await readdir(join(cache, 'bench', 'models'))).toHaveLength(1);
  });
});

describe('SIGTERM', () => {
  const long = { prompt: [1, 400, 500], max_tokens: 4000, ignore_eos: true, stream: true, stream_options: { include_usage: true } };

  it('refuses new requests and finishes those in flight', async () => {
    const { child, baseUrl } = await serving(tiny('--context-length', '4096'));
    const client = clientOf(baseUrl);
    const response = await client.post('/v1/completions', long);
    child.process.kill('SIGTERM');
    await child.event('draining');
    expect((await client.json('/v1/completions', { prompt: 'the' })).status).toBe(503);
    expect((await fetch(`${baseUrl}/health`)).status).toBe(503);
    expect(await client.metrics()).toMatchObject({ requests_running: 1 });
    const text = await response.text();
    expect(text).toMatch(/"completion_tokens":4000/);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('cuts off what takes longer than it may, and says so in the stream', async () => {
    const { child, baseUrl } = await serving(tiny('--context-length', '4096', '--drain-seconds', '0'));
    const response = await clientOf(baseUrl).post('/v1/completions', long);
    child.process.kill('SIGTERM');
    const text = await response.text();
    expect(text).toMatch(/data: \{"error":\{"message":"the server shut down before the answer was ready"/);
    expect(text).not.toContain('[DONE]');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('sent twice ends at once', async () => {
    const { child, baseUrl } = await serving(tiny('--context-length', '4096'));
    const response = await clientOf(baseUrl).post('/v1/completions', long);
    child.process.kill('SIGTERM');
    await child.event('draining');
    child.process.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 143, signal: null });
    await expect(response.text()).rejects.toThrow();
  });
});

describe('the end of the parent', () => {
  /** A process that starts the engine and waits, to be killed. */
  async function parentWithEngine(flags: string) {
    const script = `const { spawn } = require('node:child_process');
      const flags = ${flags};
      const child = spawn(process.execPath, [${JSON.stringify(BIN)}, ...${JSON.stringify(tiny())}, ...flags], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
      console.log(child.pid);
      child.stdout.pipe(process.stdout);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(parent);
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.includes('"listening"')) break;
    }
    return { parent, pid };
  }

  it('by kill -9 ends the engine that watches it', async () => {
    const { parent, pid } = await parentWithEngine(`['--parent-pid', String(process.pid)]`);
    expect(processAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => processAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it('closes the standard input that the engine watches', async () => {
    const { parent, pid } = await parentWithEngine(`['--exit-on-stdin-end']`);
    parent.kill('SIGKILL');
    await expect.poll(() => processAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it('ends an engine that was told of a process other than its parent', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    started.push(other);
    const { child } = await serving(tiny('--parent-pid', String(other.pid)));
    other.kill('SIGKILL');
    expect((await child.exited).code).toBe(1);
  });
});
