import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BenchError } from '@bench/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { freePort } from '../free-port.ts';
import { openTransport } from './open-transport.ts';
import { listeningIo, runLine, textOf } from './testing/read.ts';
import { makeKey, removeTestFolders, startSshd, testFolder, type SshdOptions, type TestSshd } from './testing/sshd.ts';
import type { SshOptions, SshTransport } from './transport.ts';

const run = promisify(execFile);
const sshdPart = part('sshd');
const AGENT = 'ssh-agent'; // of the same package

describe.skipIf(!sshdPart.present).each(['ssh2', 'system'] as const)(
  `SSH to a real sshd, by %s${sshdPart.present ? '' : ` (${sshdPart.skipped})`}`,
  (kind) => {
    let folder: string;
    let key: { path: string; public: string };
    let sshd: TestSshd;
    const opened: SshTransport[] = [];
    const started: TestSshd[] = [];

    beforeAll(async () => {
      folder = await testFolder();
      key = await makeKey(join(folder, 'key'));
      sshd = await start({ lines: ['MaxSessions 3'] }, false);
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport.close()));
      await Promise.all(started.splice(0).map((server) => server.stop()));
    });
    afterAll(async () => {
      await sshd?.stop();
      await removeTestFolders();
    });

    async function start(options: Partial<SshdOptions> = {}, stopAfterTest = true): Promise<TestSshd> {
      const server = await startSshd({ sshd: sshdPart.path as string, authorized: [key.public], ...options });
      if (stopAfterTest) started.push(server);
      return server;
    }

    /** With the key, an empty configuration, no agent, and a run file of its own. */
    async function open(
      target: string,
      overrides: Partial<SshOptions> = {},
    ): Promise<{ transport: SshTransport; logged: ReturnType<typeof listeningIo>['logged']; runFile: string }> {
      const { io, logged } = listeningIo();
      const runFile = join(await testFolder(), 'known_hosts');
      const transport = await openTransport(target, {
        io,
        transport: kind,
        identities: [key.path],
        hostKeys: { kind: 'user', runFile },
        configFile: '/dev/null',
        agentSocket: null,
        connectTimeoutMs: 10_000,
        ...overrides,
      });
      opened.push(transport);
      return { transport, logged, runFile };
    }

    const at = (server: TestSshd) => `${server.user}@127.0.0.1:${server.port}`;

    async function config(...lines: string[]): Promise<string> {
      const path = join(await testFolder(), 'config');
      await writeFile(path, `${lines.join('\n')}\n`);
      return path;
    }

    /** The error that opening ends with. */
    async function failure(target: string, overrides: Partial<SshOptions> = {}): Promise<BenchError> {
      const { transport } = await open(target, overrides);
      const error: unknown = await transport.open('true').catch((reason: unknown) => reason);
      if (!BenchError.is(error)) throw new Error(`expected a BenchError, got ${String(error)}`);
      return error;
    }

    describe('commands', () => {
      it('keeps stdout, stderr, exit code and stdin apart', async () => {
        const { transport } = await open(at(sshd));
        expect(transport.kind).toBe(kind);
        expect(transport.name).toBe(at(sshd));
        const ran = await runLine(transport, 'cat; echo err >&2; exit 3', 'one\ntwo');
        expect(ran).toEqual({ stdout: 'one\ntwo', stderr: 'err\n', code: 3, signal: null });
        expect((await runLine(transport, 'exit 255')).code).toBe(255);
      });

      it('tells an end by a signal from a lost connection', async () => {
        const { transport } = await open(at(sshd));
        const ran = await runLine(transport, 'kill -9 $$');
        expect(ran).toMatchObject({ code: null, signal: kind === 'ssh2' ? 'SIGKILL' : null });
      });

      it('carries bytes whole, in both directions at once', async () => {
        const { transport } = await open(at(sshd));
        const text = 'x'.repeat(1 << 20) + '\n'.repeat(100) + 'y'.repeat(3 << 20);
        const ran = await runLine(transport, 'cat', text);
        expect(ran.stdout === text).toBe(true);
        expect(ran.code).toBe(0);
      });

      it('runs a hundred commands at once through a server that takes three sessions', async () => {
        const { transport } = await open(at(sshd));
        const ran = await Promise.all(Array.from({ length: 100 }, (_, n) => runLine(transport, `echo ${n}`)));
        expect(ran.map((one) => one.stdout)).toEqual(Array.from({ length: 100 }, (_, n) => `${n}\n`));
        expect(ran.every((one) => one.code === 0)).toBe(true);
        expect((await sshd.log()).match(/Accepted publickey/g)?.length).toBeLessThan(20);
      });

      it('gives a waiting command up when its signal fires, and no other', async () => {
        const { transport } = await open(at(sshd));
        const long = await Promise.all([1, 2, 3].map(() => transport.open('exec sleep 2')));
        const controller = new AbortController();
        const waiting = transport.open('echo no', { signal: controller.signal });
        setTimeout(() => controller.abort(new Error('enough')), 300);
        await expect(waiting).rejects.toThrow('enough');
        for (const channel of long) channel.close();
        expect((await runLine(transport, 'echo yes')).stdout).toBe('yes\n');
      });

      it('ends an exit promise when its channel is given up', async () => {
        const { transport } = await open(at(sshd));
        const channel = await transport.open('sleep 30');
        channel.close();
        expect(await channel.exit).toEqual({ code: null, signal: null });
      });

      it('does not hang a writer whose reader has gone', async () => {
        const { transport } = await open(at(sshd));
        const channel = await transport.open('head -c 1 >/dev/null; exit 0');
        channel.stdout.resume();
        channel.stderr.resume();
        const over = new Promise((resolve) => channel.stdin.once('close', resolve));
        const chunk = Buffer.alloc(1 << 20);
        for (let n = 0; n < 8; n += 1) if (!channel.stdin.destroyed) channel.stdin.write(chunk);
        expect(await channel.exit).toMatchObject({ code: 0 });
        channel.stdin.end();
        await over;
      });

      it('refuses work after it was closed, and leaves no process and no file', async () => {
        const before = process.env.TMPDIR;
        const own = await testFolder();
        process.env.TMPDIR = own;
        try {
          const { transport } = await open(at(sshd), { hostKeys: { kind: 'user' } });
          await runLine(transport, 'true');
          await transport.close();
          await transport.close();
          await expect(transport.open('true')).rejects.toMatchObject({ code: 'BENCH_SSH_CLOSED' });
          await eventually(async () => {
            const { stdout } = await run('ps', ['-eo', 'args']);
            if (stdout.includes(own)) throw new Error('a process of it is still there');
          });
          // The folder made for the run file, and nothing in it.
          expect((await readdir(own, { recursive: true })).length).toBe(1);
        } finally {
          if (before === undefined) delete process.env.TMPDIR;
          else process.env.TMPDIR = before;
        }
      });
    });

    describe('streams to addresses', () => {
      it('reaches a port as the far machine sees it', async () => {
        const echo = createServer((socket) => socket.pipe(socket));
        await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
        const { port } = echo.address() as { port: number };
        const { transport } = await open(at(sshd));
        const stream = await transport.forward({ host: '127.0.0.1', port });
        stream.end('over the wire');
        expect(await textOf(stream)).toBe('over the wire');
        await new Promise((resolve) => echo.close(resolve));
      });

      it('says so when nothing listens there', async () => {
        const { transport } = await open(at(sshd));
        const port = await freePort();
        await expect(transport.forward({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'BENCH_SSH_FORWARD', retryable: true });
        expect((await runLine(transport, 'echo still')).stdout).toBe('still\n');
      });
    });

    describe('a connection that is cut', () => {
      it('fails what was running, and connects again for what comes next', async () => {
        const server = await start();
        const { transport } = await open(at(server));
        const running = await transport.open('echo begun; sleep 30');
        await new Promise((resolve) => running.stdout.once('data', resolve));
        await server.cutConnections();
        await expect(running.exit).rejects.toMatchObject({ code: 'BENCH_SSH_LOST', retryable: true });
        expect((await runLine(transport, 'echo again')).stdout).toBe('again\n');
      });

      it('waits for a server that is coming back', async () => {
        const hostKey = (await makeKey(join(folder, `back-${kind}`))).path;
        const server = await start({ hostKey });
        const { transport } = await open(at(server));
        await runLine(transport, 'true');
        const running = runLine(transport, 'sleep 30').catch(() => 'lost');
        await server.stop();
        // What is sent before the end was noticed is lost with it.
        expect(await running).toBe('lost');
        const back = delay(700).then(() => start({ port: server.port, hostKey }));
        expect((await runLine(transport, 'echo back')).stdout).toBe('back\n');
        await back;
      });
    });

    describe('host keys', () => {
      it('accepts an unknown key once, shows it, and remembers it for the run', async () => {
        const { transport, logged, runFile } = await open(at(sshd));
        await runLine(transport, 'true');
        const warnings = logged.filter((line) => line.level === 'warn');
        expect(warnings).toHaveLength(1);
        expect(warnings[0]?.message).toMatch(/first time.*SHA256:/);
        expect(await readFile(runFile, 'utf8')).toContain(sshd.knownHost);
        const again = await open(at(sshd), { hostKeys: { kind: 'user', runFile } });
        await runLine(again.transport, 'true');
        expect(again.logged.filter((line) => line.level === 'warn')).toEqual([]);
      });

      it("refuses a changed key with file, line and fix, and never writes the user's file", async () => {
        const known = join(await testFolder(), 'known_hosts');
        const other = await makeKey(join(folder, `other-${kind}`));
        const text = `# mine\n[127.0.0.1]:${sshd.port} ${other.public}\n`;
        await writeFile(known, text);
        const error = await failure(at(sshd), { configFile: await config('Host *', `UserKnownHostsFile ${known}`) });
        expect(error).toMatchObject({ code: 'BENCH_SSH_HOST_KEY', retryable: false, exitCode: 3 });
        expect(error.message).toContain(`${known}:2`);
        expect(error.hint).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f '${known}'`);
        expect(await readFile(known, 'utf8')).toBe(text);
      });

      it('takes a key of another kind for a changed one', async () => {
        const known = join(await testFolder(), 'known_hosts');
        const other = await makeKey(join(folder, `ec-${kind}`), { type: 'ecdsa' });
        await writeFile(known, `[127.0.0.1]:${sshd.port} ${other.public}\n`);
        const error = await failure(at(sshd), { configFile: await config('Host *', `UserKnownHostsFile ${known}`) });
        expect(error).toMatchObject({ code: 'BENCH_SSH_HOST_KEY' });
      });

      it('asks for the kind of key that is known, where the server has several', async () => {
        const rsa = await makeKey(join(folder, `rsa-${kind}`), { type: 'rsa' });
        const server = await start({ lines: [`HostKey ${rsa.path}`] });
        const known = join(await testFolder(), 'known_hosts');
        await writeFile(known, `[127.0.0.1]:${server.port} ${rsa.public}\n`);
        const { transport, logged } = await open(at(server), { configFile: await config('Host *', `UserKnownHostsFile ${known}`) });
        expect((await runLine(transport, 'echo ok')).stdout).toBe('ok\n');
        expect(logged.filter((line) => line.level === 'warn')).toEqual([]);
      });

      it('reads hashed entries, and takes a revoked key for what it is', async () => {
        const known = join(await testFolder(), 'known_hosts');
        await writeFile(known, `${sshd.knownHost}\n`);
        await run('ssh-keygen', ['-q', '-H', '-f', known]);
        expect(await readFile(known, 'utf8')).toMatch(/^\|1\|/);
        const strict = await config('Host *', `UserKnownHostsFile ${known}`, 'StrictHostKeyChecking yes');
        const { transport } = await open(at(sshd), { configFile: strict });
        expect((await runLine(transport, 'echo ok')).stdout).toBe('ok\n');
        await writeFile(known, `@revoked ${sshd.knownHost}\n`);
        expect(await failure(at(sshd), { configFile: await config('Host *', `UserKnownHostsFile ${known}`) })).toMatchObject({
          code: 'BENCH_SSH_HOST_KEY',
        });
      });

      it('refuses an unknown key where the user wants keys to be known', async () => {
        const strict = await config('Host *', 'StrictHostKeyChecking yes', 'UserKnownHostsFile /dev/null');
        const error = await failure(at(sshd), { configFile: strict });
        expect(error).toMatchObject({ code: 'BENCH_SSH_HOST_KEY' });
        expect(error.message).toContain('StrictHostKeyChecking');
      });

      it("files a rented machine under its id, and does not read the user's file", async () => {
        const file = join(await testFolder(), 'machine-keys');
        const { transport } = await open(at(sshd), { hostKeys: { kind: 'machine', id: 'gpu-7', file } });
        await runLine(transport, 'true');
        expect(await readFile(file, 'utf8')).toMatch(/^gpu-7 ssh-ed25519 /);
        const other = await makeKey(join(folder, `swap-${kind}`));
        await writeFile(file, `gpu-7 ${other.public}\n`);
        const error = await failure(at(sshd), { hostKeys: { kind: 'machine', id: 'gpu-7', file } });
        expect(error).toMatchObject({ code: 'BENCH_SSH_HOST_KEY' });
        expect(error.hint).toContain("ssh-keygen -R 'gpu-7'");
      });
    });

    describe('logging in', () => {
      it('names the keys that were tried when none is taken', async () => {
        const wrong = await makeKey(join(folder, `wrong-${kind}`));
        const error = await failure(at(sshd), { identities: [wrong.path] });
        expect(error).toMatchObject({ code: 'BENCH_SSH_AUTH', exitCode: 4, retryable: false });
        expect(error.message).toContain(`wrong-${kind}`);
        expect(error.message).toContain('publickey');
      });

      it('tries several identities in order', async () => {
        const wrong = await makeKey(join(folder, `first-${kind}`));
        const { transport } = await open(at(sshd), { identities: [wrong.path, key.path] });
        expect((await runLine(transport, 'echo in')).stdout).toBe('in\n');
      });

      it('asks once for the passphrase of an encrypted key, and never without someone to ask', async () => {
        const locked = await makeKey(join(folder, `locked-${kind}`), { passphrase: 'open sesame' });
        const server = await start({ authorized: [locked.public] });
        const asked: string[] = [];
        const ask: SshOptions['ask'] = (question) => {
          asked.push(question.text);
          expect(question.secret).toBe(true);
          return Promise.resolve('open sesame');
        };
        for (const _ of [1, 2]) {
          const { transport } = await open(at(server), { identities: [locked.path], ask });
          expect((await runLine(transport, 'echo in')).stdout).toBe('in\n');
        }
        expect(asked).toHaveLength(1);
        expect(asked[0]).toContain(`locked-${kind}`);
        const error = await failure(at(server), { identities: [locked.path] });
        expect(error).toMatchObject({ code: 'BENCH_SSH_AUTH' });
        expect(error.message).toContain(`locked-${kind}`);
      });

      it('uses an agent', async () => {
        const held = await makeKey(join(folder, `held-${kind}`));
        const server = await start({ authorized: [held.public] });
        const socket = join(await testFolder(), 'agent');
        const agent: ChildProcess = spawn(AGENT, ['-D', '-a', socket], { stdio: 'ignore' });
        try {
          await eventually(() => run('ssh-add', [held.path], { env: { PATH: process.env.PATH, SSH_AUTH_SOCK: socket } }));
          await rm(held.path);
          const { transport } = await open(at(server), { identities: [], agentSocket: socket });
          expect((await runLine(transport, 'echo in')).stdout).toBe('in\n');
          const only = await config('Host *', 'IdentitiesOnly yes', `IdentityFile ${key.path}`);
          const error = await failure(at(server), { identities: [], agentSocket: socket, configFile: only });
          expect(error).toMatchObject({ code: 'BENCH_SSH_AUTH' });
        } finally {
          agent.kill();
        }
      });
    });

    describe('ways there', () => {
      it('goes by an alias of the configuration', async () => {
        const file = await config(
          'Host gpu',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  User ${sshd.user}`,
          `  IdentityFile ${key.path}`,
        );
        const { transport } = await open('gpu', { identities: [], configFile: file });
        expect(transport.name).toBe(at(sshd));
        expect((await runLine(transport, 'echo alias')).stdout).toBe('alias\n');
      });

      it('goes through two jump hosts', async () => {
        const [first, second] = [await start(), await start()];
        const file = await config(
          `Host hop1`,
          `  HostName 127.0.0.1`,
          `  Port ${first.port}`,
          `Host hop2`,
          `  HostName 127.0.0.1`,
          `  Port ${second.port}`,
          'Host target',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  ProxyJump hop1,hop2`,
          'Host *',
          `  User ${sshd.user}`,
          `  IdentityFile ${key.path}`,
        );
        const { transport, logged, runFile } = await open('target', { configFile: file });
        expect((await runLine(transport, 'echo through')).stdout).toBe('through\n');
        expect(await first.log()).toContain('Accepted publickey');
        expect(await second.log()).toContain('Accepted publickey');
        const keys = await readFile(runFile, 'utf8');
        for (const server of [first, second, sshd]) expect(keys).toContain(server.knownHost);
        expect(logged.filter((line) => line.level === 'warn')).toHaveLength(3);
        expect((await runLine(transport, 'echo twice')).stdout).toBe('twice\n');
      });

      it('goes through a jump host of the same name, on another port', async () => {
        const jump = await start();
        const file = await config(
          'Host target',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  ProxyJump ${at(jump)}`,
          'Host *',
          `  User ${sshd.user}`,
          `  IdentityFile ${key.path}`,
        );
        const { transport } = await open('target', { configFile: file });
        expect((await runLine(transport, 'echo jumped')).stdout).toBe('jumped\n');
        const same = await config(
          `Match host 127.0.0.1 user ${sshd.user}`,
          `  ProxyJump other@127.0.0.1:${jump.port}`,
          'Host *',
          `  IdentityFile ${key.path}`,
        );
        const error = await failure(at(sshd), { configFile: same });
        expect(error).toMatchObject({ code: 'BENCH_SSH_JUMP', exitCode: 4 });
      });

      it('names the hop that failed', async () => {
        const port = await freePort();
        const file = await config(
          'Host target',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  User ${sshd.user}`,
          `  ProxyJump nobody@127.0.0.1:${port}`,
        );
        const error = await failure('target', { configFile: file });
        expect(error).toMatchObject({ code: 'BENCH_SSH_JUMP', retryable: true });
        expect(error.message).toContain(`nobody@127.0.0.1:${port}`);
        expect(error.message).toContain('refused');
      });

      it('tells when a hop cannot reach the target, and when a hop does not let us in', async () => {
        const jump = await start();
        const port = await freePort();
        const far = await config(
          'Host target',
          '  HostName 127.0.0.1',
          `  Port ${port}`,
          `  ProxyJump ${at(jump)}`,
          'Host *',
          `  User ${jump.user}`,
          `  IdentityFile ${key.path}`,
        );
        expect(await failure('target', { configFile: far })).toMatchObject({ code: 'BENCH_SSH_JUMP', retryable: true });
        const locked = await start({ authorized: [] });
        const shut = await config(
          'Host target',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  ProxyJump ${at(locked)}`,
          'Host *',
          `  User ${jump.user}`,
          `  IdentityFile ${key.path}`,
        );
        const error = await failure('target', { configFile: shut });
        expect(error).toMatchObject({ code: 'BENCH_SSH_JUMP', exitCode: 4, retryable: false });
        expect(error.message).toContain(String(locked.port));
      });

      it('goes by a ProxyCommand, and says what it said when it fails', async () => {
        const relay = `${process.execPath} -e "const s=require('net').connect(process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)" %h %p`;
        const file = await config(
          'Host relayed',
          '  HostName 127.0.0.1',
          `  Port ${sshd.port}`,
          `  User ${sshd.user}`,
          `  ProxyCommand ${relay}`,
        );
        const { transport } = await open('relayed', { configFile: file });
        expect((await runLine(transport, 'echo relayed')).stdout).toBe('relayed\n');
        const broken = await config(
          'Host relayed',
          '  HostName 127.0.0.1',
          `  User ${sshd.user}`,
          '  ProxyCommand sh -c "echo no way >&2; exit 7"',
        );
        const error = await failure('relayed', { configFile: broken });
        expect(error).toMatchObject({ code: 'BENCH_SSH_JUMP' });
        expect(error.message).toContain('no way');
      });
    });

    describe('errors of the network', () => {
      it('tells a name that is not found', async () => {
        expect(await failure('nobody@no-such-host.invalid')).toMatchObject({ code: 'BENCH_SSH_NAME', retryable: false, exitCode: 3 });
      });

      it('tells a port where nobody listens', async () => {
        expect(await failure(`x@127.0.0.1:${await freePort()}`)).toMatchObject({ code: 'BENCH_SSH_REFUSED', retryable: true });
      });

      it('tells a server that says nothing', async () => {
        const sockets = new Set<{ destroy(): void }>();
        const mute = createServer((socket) => void sockets.add(socket));
        await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
        const { port } = mute.address() as { port: number };
        expect(await failure(`x@127.0.0.1:${port}`, { connectTimeoutMs: 1000 })).toMatchObject({
          code: 'BENCH_SSH_TIMEOUT',
          retryable: true,
        });
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => mute.close(resolve));
      });

      it('tells a port where something else answers', async () => {
        const other = createServer((socket) =>
          socket
            .on('error', () => undefined)
            .resume()
            .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
        );
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
        const { port } = other.address() as { port: number };
        expect((await failure(`x@127.0.0.1:${port}`)).code).toMatch(/^BENCH_SSH_(HANDSHAKE|REFUSED)$/);
        await new Promise((resolve) => other.close(resolve));
      });
    });
  },
);

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= 40) throw error;
      await delay(50);
    }
  }
}
