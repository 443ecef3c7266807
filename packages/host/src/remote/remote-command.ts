import { randomBytes } from 'node:crypto';
import { type Readable, type Writable, finished } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from '@bench/core';
import { noCommand } from '../host-errors.ts';
import type { RemoteChannel } from '../ssh/transport.ts';
import type { Connection } from './connection.ts';
import { AfterMarker } from './after-marker.ts';
import { LINE, programOf } from './program.ts';

/** How long a channel that does not answer may keep its place once it shall end. */
const LET_GO_MS = 3000;

export interface RemoteCommandSpec {
  argv: readonly [string, ...string[]];
  cwd?: string | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  /** Does it read stdin? Then {@link RemoteCommand.stdin} must be ended. */
  stdin: boolean;
}

/** A command under way on the far machine; what surrounds it on the wire is gone from its streams. */
export interface RemoteCommand {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When it has ended and its output too. Rejects when it never ran (BENCH_COMMAND_NOT_FOUND, …) or the connection was lost. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  /** TERM to its process group, KILL to what is left after `graceMs`. Resolves when it is gone or nothing more can be done. */
  end(graceMs: number): Promise<void>;
}

/** Starts a command. Its streams must be read, or it waits. */
export async function openCommand(connection: Connection, spec: RemoteCommandSpec, signal?: AbortSignal): Promise<RemoteCommand> {
  const nonce = randomBytes(12).toString('hex');
  const { transport } = connection;
  const program = programOf({ ...spec, nonce });
  const channel = await transport.open(LINE, signal ? { signal } : {});
  const stdout = new AfterMarker(nonce);
  const stderr = new AfterMarker(nonce);
  join(channel.stdout, stdout);
  join(channel.stderr, stderr);
  // A command that does not read its input to the end is no fault.
  channel.stdin.on('error', () => undefined);
  channel.stdin.write(`${program}\n`);
  if (!spec.stdin) channel.stdin.end();

  let ending: Promise<void> | undefined;
  const ended = endOf(channel, stdout, stderr).then(async (exited) => {
    const word = await stdout.word;
    if (word === 'cwd' || word === 'command') throw noCommand(spec.argv[0], spec.cwd);
    if (exited instanceof Error && ending) return { code: null, signal: 'SIGKILL' };
    if (exited instanceof Error) throw exited;
    if (word === null) throw noShell(transport.name, stdout.noise, stderr.noise, exited.code);
    return exited;
  });
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<{ code: null; signal: string }>((resolve) => {
    giveUp = () => resolve({ code: null, signal: 'SIGKILL' });
  });
  const exit = Promise.race([ended, givenUp]);
  exit.catch(() => undefined);

  const end = async (graceMs: number) => {
    const over = exit.then(
      () => true,
      () => true,
    );
    const within = (ms: number, event: Promise<unknown>) => Promise.race([event, delay(ms, false, { ref: false })]);
    const pid = Number(await within(LET_GO_MS, stdout.word));
    if (pid > 1) {
      const killing = connection.endGroup(pid, graceMs).catch(() => undefined);
      await within(graceMs + 2 * LET_GO_MS, Promise.all([killing, over]));
    }
    channel.close();
    // Of a connection that is dead nothing more comes.
    await within(LET_GO_MS, over);
    stdout.end();
    stderr.end();
    giveUp();
  };
  return {
    stdin: channel.stdin,
    stdout,
    stderr,
    exit,
    end: (graceMs) => (ending ??= end(graceMs)),
  };
}

function join(from: Readable, to: Writable): void {
  from.on('error', () => to.end());
  // A channel that is torn down closes its streams without an end.
  from.on('close', () => to.end());
  from.pipe(to);
}

/** The exit, once the output is over too. An error as a value: what the streams said comes first. */
async function endOf(channel: RemoteChannel, stdout: Readable, stderr: Readable) {
  const over = (stream: Readable) => new Promise<void>((resolve) => finished(stream, { writable: false }, () => resolve()));
  const [exited] = await Promise.all([
    channel.exit.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
    over(stdout),
    over(stderr),
  ]);
  return exited;
}

function noShell(name: string, out: string, errors: string, code: number | null): BenchError {
  const said = `${out}\n${errors}`.trim().split('\n').slice(-5).join('\n');
  return new BenchError({
    code: 'BENCH_HOST_NO_SHELL',
    message: `${name} runs no commands (its login shell ended with ${code ?? 'a signal'})${said === '' ? '' : `; it says:\n${said}`}`,
    hint: 'log in with ssh and see that a plain command such as "true" runs there',
    exitCode: 3,
  });
}
