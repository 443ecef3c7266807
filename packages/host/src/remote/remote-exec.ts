import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError, type Command, type ExecOptions } from '@bench/core';
import { spawnOf } from '../command-line.ts';
import { collect, type RawResult, type Running } from '../running.ts';
import type { Connection } from './connection.ts';
import { openCommand } from './remote-command.ts';

/** Waits before a repetition; the transport has its own before each attempt to connect. */
const PAUSES_MS = [0, 500, 2000, 5000];
/** How long after the first try another may begin while the machine cannot be reached. */
const AWAY_MS = 30_000;
/** What may pass by itself when the machine had been reached before. */
const PASSING: ReadonlySet<string> = new Set(['BENCH_SSH_REFUSED', 'BENCH_SSH_TIMEOUT', 'BENCH_SSH_NAME', 'BENCH_SSH_JUMP']);

/** Starts a command on the far machine and hands its input over. */
export async function runRemote(connection: Connection, command: Command, options: ExecOptions, signal: AbortSignal): Promise<Running> {
  const { file, args, input } = spawnOf(command);
  const { cwd, env } = options;
  const remote = await openCommand(connection, { argv: [file, ...args], cwd, env, stdin: input !== undefined }, signal);
  if (input !== undefined) remote.stdin.end(input);
  return remote;
}

/** Runs a command to its end; again after a lost connection when it is marked repeatable. */
export function execRemote(connection: Connection, command: Command, options: ExecOptions): Promise<RawResult> {
  const once = () => collect((signal) => runRemote(connection, command, options, signal), options);
  return options.repeatable ? repeated(connection, once, options.signal) : once();
}

/**
 * Does it again when the connection was lost under it, or when a machine that had been reached cannot be reached for a while: its sshd
 * restarts, a VPN moves. A machine that never answered is not asked again.
 */
export async function repeated<T>(connection: Connection, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const began = performance.now();
  let losses = 0;
  for (let n = 0; ; n += 1) {
    try {
      return await action();
    } catch (error) {
      if (!BenchError.is(error)) throw error;
      if (error.code === 'BENCH_SSH_LOST') {
        losses += 1;
        if (losses > PAUSES_MS.length) throw error;
      } else if (!PASSING.has(error.code) || !connection.reached() || performance.now() - began > AWAY_MS) throw error;
      await delay(PAUSES_MS[n] ?? PAUSES_MS.at(-1), undefined, signal ? { signal } : {});
    }
  }
}
