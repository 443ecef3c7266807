import { BenchError, didYouMean, EXIT, findGpu, machineOfGpus, nearGpu } from '@bench/core';
import type { PriceEntry } from './price-book.ts';

const KINDS = ['gpu', 'machine', 'partition'] as const;

/**
 * What `--price` says: `h200=2.10` an hour of each GPU, `8xh200=16` and `machine:a3-highgpu-8g=70` of a whole machine, `partition:gpu=1.50` of each GPU of a
 * partition; dollars, or with a currency behind: `h200=1.95EUR`.
 * @param today the date that the prices are of: `2026-11-01`
 * @throws BenchError `BENCH_PRICE_INVALID`, exit code 2: it is not of that form, or the catalogue has no such GPU
 */
export function parsePrice(text: string, { today }: { today: string }): PriceEntry {
  const form = /^(?:([a-z]+):)?([^=]+)=\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]{3})?$/.exec(text.trim());
  if (!form)
    throw invalid(text, 'it is no price', 'h200=2.10, 8xh200=16, machine:NAME=70, partition:NAME=1.50; dollars an hour, or 1.95EUR');
  const [, kind, rawName = '', amount = '', currency = 'USD'] = form;
  const said = { amount: Number(amount), currency: currency.toUpperCase(), source: `--price ${text.trim()}`, date: today };
  const name = rawName.trim();
  if (kind !== undefined && kind !== 'gpu') {
    if (kind === 'machine' || kind === 'partition') return { per: kind, name, ...said };
    throw invalid(text, `"${kind}" has no price`, didYouMean(kind, KINDS) ?? `one of ${KINDS.join(', ')}`);
  }
  const machine = machineOfGpus(name);
  const gpu = machine?.name ?? name;
  if (!findGpu(gpu))
    throw invalid(text, `no GPU is called "${gpu}"`, nearGpu(gpu) ?? 'bench gpus lists them; an instance type is machine:NAME');
  return machine ? { per: 'machine', ...machine, ...said } : { per: 'gpu', name, ...said };
}

function invalid(text: string, what: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_PRICE_INVALID', message: `--price ${text}: ${what}`, hint, exitCode: EXIT.usage });
}
