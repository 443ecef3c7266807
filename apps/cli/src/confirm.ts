import { BenchError, EXIT } from '@bench/core';
import { terminalAsk } from './ask.ts';
import type { CliContext } from './context.ts';

/**
 * The one question before money is spent, after the lines that say what for.
 * @throws BenchError `BENCH_NOT_CONFIRMED`: exit code 2 where there is nobody to ask, or the answer was no
 */
export async function confirmSpending(o: { lines: readonly string[]; question: string; yes: boolean; context: CliContext }): Promise<void> {
  const { context } = o;
  const ask = o.yes ? undefined : terminalAsk({ signal: context.signal, screen: () => context.screen });
  context.screen?.pause();
  for (const line of o.lines) process.stderr.write(`${line}\n`);
  context.screen?.resume();
  if (o.yes) return;
  if (!ask)
    throw new BenchError({
      code: 'BENCH_NOT_CONFIRMED',
      message: 'this costs money, and there is no terminal to ask on',
      hint: 'add --yes to rent without being asked; bench plan shows what it would take',
      exitCode: EXIT.usage,
    });
  const answer = await ask({ text: `${o.question} [y/N]`, secret: false });
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new BenchError({ code: 'BENCH_NOT_CONFIRMED', message: 'nothing was rented', exitCode: EXIT.usage });
}
