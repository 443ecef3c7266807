#!/usr/bin/env node
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, messageOf } from '@bench/core';
import { inProcessMachines } from '../fake/in-process/in-process-machines.ts';
import { noMachines } from '../fake/machines.ts';
import { help, readArgs } from './args.ts';
import { KINDS } from './kinds.ts';

async function main(): Promise<void> {
  const options = readArgs(process.argv.slice(2), KINDS);
  if (options === null) {
    process.stdout.write(help(KINDS));
    return;
  }
  const { kind, key, seed, misbehave, port } = options;
  const machines =
    options.machines === 'none' ? noMachines() : inProcessMachines({ root: await mkdtemp(join(tmpdir(), `bench-fake-${kind.name}-`)) });
  const cloud = await kind.start({ machines, port, seed, misbehave, ...(key === null ? {} : { keys: [key] }) });
  let ending = false;
  const end = (code: number) => {
    if (ending) return;
    ending = true;
    cloud.close().then(() => process.exit(code), fail);
  };
  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(130));
  if (options.exitOnStdinEnd) process.stdin.resume().once('end', () => end(0));
  // A reader that is gone must not end the server.
  process.stdout.on('error', () => {});
  process.stdout.write(`${JSON.stringify({ provider: kind.name, url: cloud.server.url, key: cloud.server.key, pid: process.pid })}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`bench-fake-cloud: ${messageOf(error)}\n`);
  if (BenchError.is(error) && error.hint) process.stderr.write(`  ${error.hint}\n`);
  process.exit(BenchError.is(error) ? (error.exitCode ?? 1) : 1);
}

main().catch(fail);
