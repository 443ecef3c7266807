import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateKeyPair } from '../key-pair.ts';
import { openTransport } from '../open-transport.ts';
import type { SshOptions, SshQuestion, SshTransport } from '../transport.ts';
import { startAskingServer, type AskingServer, type AskingServerOptions } from './asking-server.ts';
import { listeningIo, runLine } from './read.ts';

/** What a person is asked, and how often: the same by either client. */
export function askingCases(kind: SshTransport['kind']): void {
  let folder: string;
  let server: AskingServer | null = null;
  let questions: SshQuestion[];
  const opened: SshTransport[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bssh-'));
    questions = [];
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Answers by the first key whose text the question holds. */
  const answering =
    (answers: Record<string, string>): NonNullable<SshOptions['ask']> =>
    (question) => {
      questions.push(question);
      const found = Object.entries(answers).find(([text]) => question.text.includes(text));
      return found ? Promise.resolve(found[1]) : Promise.reject(new Error(`unexpected question: ${question.text}`));
    };

  async function open(ask: SshOptions['ask'], identities: string[] = []): Promise<SshTransport> {
    const transport = await openTransport(`ada@127.0.0.1:${server?.port}`, {
      io: listeningIo().io,
      transport: kind,
      identities,
      hostKeys: { kind: 'user', runFile: join(folder, 'known_hosts') },
      configFile: join(folder, 'none'),
      home: folder,
      agentSocket: null,
      connectTimeoutMs: 10_000,
      ...(ask ? { ask } : {}),
    });
    opened.push(transport);
    return transport;
  }
  const serve = async (options: AskingServerOptions) => {
    server = await startAskingServer(options);
    return server;
  };

  it('asks for a password, hidden, once for all connections', async () => {
    await serve({ password: 'sesame' });
    const ask = answering({ assword: 'sesame' });
    for (const _ of [1, 2]) expect((await runLine(await open(ask), 'hello')).stdout).toBe('welcome\n');
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatchObject({ secret: true, text: expect.stringContaining('127.0.0.1') as string });
  });

  it('never asks where there is nobody, and says what the server wanted', async () => {
    await serve({ password: 'sesame' });
    const error: unknown = await (await open(undefined)).open('hello').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'BENCH_SSH_AUTH', exitCode: 4, message: expect.stringContaining('password') as string });
  });

  it('forgets a wrong answer', async () => {
    await serve({ password: 'sesame' });
    let right = false;
    const ask: SshOptions['ask'] = (question) => {
      questions.push(question);
      return Promise.resolve(right ? 'sesame' : 'wrong');
    };
    await expect((await open(ask)).open('hello')).rejects.toMatchObject({ code: 'BENCH_SSH_AUTH' });
    right = true;
    expect((await runLine(await open(ask), 'hello')).stdout).toBe('welcome\n');
    expect(questions).toHaveLength(2);
  });

  it('answers the questions of keyboard-interactive, a one-time code anew for each connection', async () => {
    await serve({
      prompts: [
        { prompt: 'Password: ', echo: false, answer: 'sesame' },
        { prompt: 'One-time code: ', echo: true, answer: '123' },
      ],
    });
    const ask = answering({ Password: 'sesame', 'One-time code': '123' });
    for (const _ of [1, 2]) expect((await runLine(await open(ask), 'hello')).stdout).toBe('welcome\n');
    expect(questions.filter((question) => question.text.includes('Password'))).toHaveLength(1);
    expect(questions.filter((question) => question.text.includes('code'))).toHaveLength(2);
  });

  it('goes on to the second step after a key', async () => {
    const started = await serve({ keyFirst: true, prompts: [{ prompt: 'Verification code: ', echo: false, answer: '42' }] });
    const { privateKey, publicKey } = generateKeyPair();
    const path = join(folder, 'id');
    await writeFile(path, privateKey, { mode: 0o600 });
    await writeFile(`${path}.pub`, `${publicKey}\n`);
    expect((await runLine(await open(answering({ 'Verification code': '42' }), [path]), 'hello')).stdout).toBe('welcome\n');
    expect(started.methods).toEqual(['publickey', 'keyboard-interactive']);
  });

  it('fails when the person declines', async () => {
    await serve({ password: 'sesame' });
    const ask: SshOptions['ask'] = () => Promise.reject(new Error('no'));
    await expect((await open(ask)).open('hello')).rejects.toMatchObject({ code: 'BENCH_SSH_AUTH' });
  });
}
