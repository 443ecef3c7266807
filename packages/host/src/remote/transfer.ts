import { randomBytes } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { BenchError, type TransferOptions } from '@bench/core';
import { execa } from 'execa';
import { CappedOutput } from '../capped-output.ts';
import { DISK_FULL, fileError, noCommand } from '../host-errors.ts';
import { arrive, sizeOf } from '../local-files.ts';
import type { RunScript } from '../processes.ts';
import { TransferProgress } from '../transfer-progress.ts';
import type { Connection } from './connection.ts';
import { openCommand, type RemoteCommand } from './remote-command.ts';
import { repeated } from './remote-exec.ts';
import { farPath } from './far-path.ts';
import { COMMIT, DISCARD_STAGE, FIND_SOURCE, SEND, STAGE } from './transfer-scripts.ts';

/** Files go as a tar stream, which keeps modes and links and needs no second program. */
export interface TransferHost {
  name: string;
  connection: Connection;
  run: RunScript;
}

/** One end of the stream. */
interface End {
  stderr: CappedOutput;
  exit: Promise<number | null>;
  kill(): void;
}

/** Copies a file or folder to the far machine; again from the beginning after a lost connection. */
export async function putRemote(host: TransferHost, paths: { local: string; remote: string }, options: TransferOptions): Promise<void> {
  const { local, remote } = paths;
  const { signal, onProgress } = options;
  const target = farPath(remote);
  const what = `cannot copy ${local} to ${remote} on ${host.name}`;
  signal?.throwIfAborted();
  const source = await realpath(local).catch((error: unknown) => Promise.reject(fileError(what, error)));
  const total = onProgress ? await sizeOf(source).catch((error: unknown) => Promise.reject(fileError(what, error))) : null;
  await repeated(
    host.connection,
    async () => {
      const token = randomBytes(6).toString('hex');
      const progress = new TransferProgress(onProgress, total);
      try {
        const far = await openFar(host.connection, ['sh', '-c', STAGE, 'sh', target, token], signal);
        far.command.stdout.resume();
        const near = openNear(['-c', '-f', '-', '-C', dirname(source), `./${basename(source)}`]);
        const sent = pour(near.output, progress, far.command.stdin);
        await both({ what, near, far: far.end, sent, signal });
        const done = await host.run(COMMIT, [target, token, basename(source)], { signal });
        if (done.code !== 0) throw fileError(what, done.stderr);
      } catch (error) {
        await host.run(DISCARD_STAGE, [target, token]).catch(() => undefined);
        signal?.throwIfAborted();
        throw error;
      }
      progress.done();
    },
    signal,
  );
}

/** Copies a file or folder from the far machine; again from the beginning after a lost connection. */
export async function getRemote(host: TransferHost, paths: { local: string; remote: string }, options: TransferOptions): Promise<void> {
  const { local, remote } = paths;
  const { signal, onProgress } = options;
  const what = `cannot copy ${remote} on ${host.name} to ${local}`;
  signal?.throwIfAborted();
  await repeated(
    host.connection,
    async () => {
      const found = await host.run(FIND_SOURCE, [farPath(remote)], { signal });
      if (found.code !== 0) throw fileError(what, found.stderr);
      const [size = '', ...rest] = found.stdout.toString('utf8').split('\n');
      const progress = new TransferProgress(onProgress, size === 'folder' ? null : Number(size));
      const receive = async (stage: string) => {
        const far = await openFar(host.connection, ['sh', '-c', SEND, 'sh', rest.join('\n')], signal);
        far.command.stdin.end();
        const near = openNear(['-x', '-p', '-o', '-f', '-', '-C', stage]);
        near.output.resume();
        const sent = pour(far.command.stdout, progress, near.input);
        await both({ what, near, far: far.end, sent, signal });
        const [name] = await readdir(stage);
        if (name === undefined) throw fileError(what, 'nothing came');
        return join(stage, name);
      };
      try {
        await arrive(local, receive);
      } catch (error) {
        signal?.throwIfAborted();
        throw fileError(what, error);
      }
      progress.done();
    },
    signal,
  );
}

async function openFar(connection: Connection, argv: [string, ...string[]], signal: AbortSignal | undefined) {
  const command: RemoteCommand = await openCommand(connection, { argv, stdin: true }, signal);
  const stderr = new CappedOutput(64 * 1024);
  const kill = () => void command.end(1000);
  command.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    // tar goes on with the next file; there is no room for that either.
    if (DISK_FULL.test(chunk.toString('latin1'))) kill();
  });
  return { command, end: { stderr, exit: command.exit.then(({ code }) => code), kill } satisfies End };
}

/** The `tar` of this machine. */
function openNear(args: readonly string[]): End & { input: Writable; output: Readable } {
  const child = execa('tar', args, { env: { LC_ALL: 'C' }, buffer: false, reject: false, encoding: 'buffer' });
  const stderr = new CappedOutput(64 * 1024);
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined);
  const exit = child.then((result) => {
    if (result.exitCode === undefined && result.signal === undefined) throw noCommand('tar', undefined, result);
    return result.exitCode ?? null;
  });
  exit.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, stderr, exit, kill: () => void child.kill('SIGKILL') };
}

function pour(from: Readable, progress: TransferProgress, to: Writable): Promise<unknown> {
  return pipeline(from, progress.counter(), to).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Waits for both ends; one that ends early or fails takes the other with it. */
async function both(o: { what: string; near: End; far: End; sent: Promise<unknown>; signal: AbortSignal | undefined }): Promise<void> {
  const { what, near, far, sent, signal } = o;
  const stop = () => {
    near.kill();
    far.kill();
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const settled = (exit: End['exit'], other: End) =>
      exit.then(
        (code) => {
          if (code !== 0) other.kill();
          return code;
        },
        (error: unknown) => {
          other.kill();
          return error instanceof Error ? error : new Error(String(error));
        },
      );
    const [farCode, nearCode, broken] = await Promise.all([settled(far.exit, near), settled(near.exit, far), sent]);
    signal?.throwIfAborted();
    if (BenchError.is(farCode)) throw farCode;
    const failed = [
      { code: farCode, said: far.stderr.toString() },
      { code: nearCode, said: near.stderr.toString() },
    ].filter(({ code, said }) => code !== 0 && !onlyChanged(code, said));
    // The one that says why, before the one that was taken along.
    const reason = failed.find(({ said }) => said.trim() !== '') ?? failed[0];
    if (reason) throw BenchError.is(reason.code) ? reason.code : fileError(what, reason.said);
    if (broken && failed.length > 0) throw fileError(what, broken);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** GNU tar's exit code 1: files grew while they were read, as logs do. What it read is whole. */
function onlyChanged(code: unknown, said: string): boolean {
  const lines = said.trim().split('\n');
  return code === 1 && lines.every((line) => /file changed as we read it|file removed before we read it|File shrank by/.test(line));
}
