import { type LeftMachine, leftMachines } from '@bench/benchmark';
import { BenchError, createIo, EXIT, messageOf } from '@bench/core';
import type { Ledger } from '@bench/provisioning';
import { withLedger } from './cloud-access.ts';
import { teardownCommand } from './run-commands.ts';
import { usdPerHour } from './ui/money.ts';

/** `bench-abc123-r1-0 (id 7 at gcp, $3.60/h)`; a job of a queue is `bench-abc123-r1-0 (job 7)`. */
export function machineText({ name, provider, id, priceUsdPerHour }: LeftMachine): string {
  if (provider === 'slurm') return `${name} (${id === null ? 'a job, its id is not known' : `job ${id}`})`;
  const where = id === null ? `at ${provider}, its id is not known` : `id ${id} at ${provider}`;
  return `${name} (${where}, ${priceUsdPerHour === null ? 'price not known' : usdPerHour(priceUsdPerHour)})`;
}

/** What may cost money of a run, and what ends it, for whoever ends bench before it has; null: nothing does. */
export async function leftText(o: { ledger: Ledger; run: string; out: string }): Promise<string | null> {
  const left = await leftMachines(o.ledger, o.run);
  return left.length === 0 ? null : textOf(left, o);
}

function textOf(left: readonly LeftMachine[], { run, out }: { run: string; out: string }): string {
  const jobs = left.every(({ provider }) => provider === 'slurm');
  return [
    jobs ? `jobs of run ${run} may still be in the queue:` : `machines of run ${run} may still cost money:`,
    ...left.map((machine) => `  ${machineText(machine)}`),
    `end them with: ${teardownCommand(run, out)}; or, with all that nobody works with: bench gc`,
  ].join('\n');
}

/**
 * Does something with a run that may have machines. What it throws while some may cost money names them, with exit code 6; but not where
 * another process works with the run.
 */
export async function namingLeft<T>(o: { run: string; out: string }, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (BenchError.is(error) && (error.code === 'BENCH_RUN_BUSY' || error.exitCode === EXIT.cleanupIncomplete)) throw error;
    const text = await withLedger(createIo(), (ledger) => leftText({ ...o, ledger })).catch(() => null);
    if (text === null) throw error;
    const known = BenchError.is(error) ? error : null;
    throw new BenchError({
      code: known?.code ?? 'BENCH_INTERRUPTED',
      message: `${known === null && isAbort(error) ? 'interrupted' : messageOf(error)}\n${text}`,
      hint: known?.hint,
      retryable: known?.retryable,
      exitCode: EXIT.cleanupIncomplete,
      cause: error,
    });
  }
}

const isAbort = (error: unknown) => (error as { name?: string } | null)?.name === 'AbortError';
