import { BenchError, type Io, messageOf } from '@bench/core';
import type { Machine } from '../contract/machine.ts';
import type { OpenProvider } from '../core/open-providers.ts';

/** All that a provider shows of bench's machines. What was listed before it failed is kept. */
export async function listAll(
  { provider }: Pick<OpenProvider, 'provider'>,
  o: { io: Pick<Io, 'redact'>; signal: AbortSignal },
): Promise<{ machines: Machine[]; error: BenchError | null }> {
  const machines: Machine[] = [];
  try {
    for await (const machine of provider.owned({}, { signal: o.signal })) if (machine.state !== 'terminated') machines.push(machine);
    return { machines, error: null };
  } catch (thrown) {
    if (BenchError.is(thrown)) return { machines, error: thrown };
    return { machines, error: new BenchError({ code: 'BENCH_GC', message: o.io.redact(messageOf(thrown)), cause: thrown }) };
  }
}
