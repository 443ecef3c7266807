// Starts ranks on this machine without MPI: local-ranks.mjs [--label] RANKS COMMAND... Each rank finds BENCH_LOCAL_RANK and BENCH_LOCAL_SIZE. Rank 0
// gets the standard input. Ends as the first rank that fails does, and ends the others then; signals go on to all ranks.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';

const GRACE_MS = 10_000;
const words = process.argv.slice(2);
const label = words[0] === '--label';
const [count, file, ...args] = label ? words.slice(1) : words;
let outcome = 0;
let left = Number(count);

const ranks = Array.from({ length: left }, (_, rank) => {
  const output = label ? 'pipe' : 'inherit';
  const child = spawn(file, args, {
    env: { ...process.env, BENCH_LOCAL_RANK: String(rank), BENCH_LOCAL_SIZE: count },
    stdio: [rank === 0 ? 'inherit' : 'ignore', output, output],
  });
  if (label) {
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      createInterface({ input: from, crlfDelay: Infinity }).on('line', (line) => to.write(`${rank}: ${line}\n`));
    }
  }
  child.on('error', (error) => {
    console.error(`bench launch: ${file}: ${error.message}`);
    ended(127);
  });
  child.on('close', (code, signal) => {
    if (child.pid !== undefined) ended(code ?? 128 + constants.signals[signal]);
  });
  return child;
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => endAll(signal));

function ended(code) {
  left--;
  if (code !== 0 && outcome === 0) {
    outcome = code;
    endAll('SIGTERM');
    setTimeout(() => endAll('SIGKILL'), GRACE_MS).unref();
  }
  if (left === 0) process.exitCode = outcome;
}

function endAll(signal) {
  for (const child of ranks ?? []) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}
