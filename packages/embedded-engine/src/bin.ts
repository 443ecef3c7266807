#!/usr/bin/env node
import { homedir } from 'node:os';
import { join } from 'node:path';

import { BenchError, messageOf } from '@bench/core/error';

import { parseCommand, USAGE, type Command } from './args.ts';
import { watchParent } from './parent-watch.ts';
import { ENGINE_VERSION, PROTOCOL_VERSION } from './protocol.ts';
import type { EmbeddedEngine } from './start.ts';

/** One JSON object a line on standard output: what a program that started this one reads. */
function emit(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function report(error: unknown): void {
  process.stderr.write(`bench-embedded-engine: ${messageOf(error)}\n`);
  if (BenchError.is(error) && error.hint) process.stderr.write(`  ${error.hint}\n`);
}

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'version':
      process.stdout.write(`${ENGINE_VERSION}\n`);
      return;
    case 'handshake': {
      const { handshake } = await import('./handshake.ts');
      emit({ ...(await handshake()) });
      return;
    }
    case 'serve':
      await serve(command);
  }
}

async function serve(command: Command & { kind: 'serve' }): Promise<void> {
  const state: { engine?: EmbeddedEngine; stopping: boolean } = { stopping: false };

  // Nobody reads the answers any more, so there is nothing to finish.
  const orphaned = () => process.exit(1);
  if (command.parentPid !== undefined) watchParent({ pid: command.parentPid, parentNow: () => process.ppid, onGone: orphaned });
  if (command.exitOnStdinEnd) process.stdin.resume().once('end', orphaned).once('error', orphaned);
  // A reader that is gone must not end the server; the flags above are for that.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});

  const stop = (signal: NodeJS.Signals) => {
    const code = signal === 'SIGINT' ? 130 : 143;
    if (state.stopping || !state.engine) process.exit(code);
    state.stopping = true;
    emit({ event: 'draining', signal });
    state.engine.close({ graceMs: command.drainSeconds * 1000 }).then(
      () => process.exit(0),
      (error: unknown) => {
        report(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const cacheDir = command.cacheDir ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bench', 'models');
  const { model, seed } = command;
  const { startEmbeddedEngine } = await import('./start.ts');
  const engine = await startEmbeddedEngine({
    model: 'gguf' in model ? model : { random: model.random, seed, cacheDir },
    host: command.host,
    port: command.port,
    servedModelName: command.servedModelName,
    parallel: command.parallel,
    contextLength: command.contextLength,
    threads: command.threads,
    prefixCaching: command.prefixCaching,
    seed,
    apiKey: command.apiKey ?? (process.env.BENCH_ENGINE_API_KEY || undefined),
    onPhase: ({ name, startMs, durationMs }) => emit({ event: 'phase', phase: name, startMs, durationMs }),
    onNativeLog: (level, message) => process.stderr.write(`llama.cpp ${level}: ${message.trimEnd()}\n`),
    onError: report,
  });
  state.engine = engine;
  emit({
    event: 'listening',
    host: engine.host,
    port: engine.port,
    model: engine.model,
    version: ENGINE_VERSION,
    protocol: PROTOCOL_VERSION,
  });
}

main().catch((error: unknown) => {
  report(error);
  process.exit(BenchError.is(error) ? (error.exitCode ?? 1) : 1);
});
