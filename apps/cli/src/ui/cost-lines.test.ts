import { type JournalEvent, type JournalLine, runCost } from '@bench/results';
import { expect, it } from 'vitest';
import { costLines } from './cost-lines.ts';
import { styles } from './style.ts';

const plain = (text: string) => text;
const STYLE = { ...styles(process.stderr), bold: plain, dim: plain, yellow: plain };
const rented = { machine: 0, name: 'bench-a-r-0' };
const error = (kind: string) => ({ code: `BENCH_PROVIDER_${kind}`, message: 'x' });
const price = { priceUsdPerHour: 3600, priceSource: 'P, live', diskGb: 1, storageUsdPerGbMonth: null };
const INTENT: JournalEvent = { type: 'machine_intent', ...rented, group: 0, provider: 'p', offer: '1× H200', ...price };

/** One event a second. */
function lines(...events: JournalEvent[]): string[] {
  const all: JournalEvent[] = [{ type: 'run_started', pid: 1, resumed: false }, INTENT, ...events];
  const journal = all.map((event, seq): JournalLine => ({ seq, at: new Date(1e12 + seq * 1000).toISOString(), ms: seq * 1000, ...event }));
  return costLines(runCost(journal), STYLE);
}

it('nothing was spent where every create was refused', () => {
  expect(lines({ type: 'machine_failed', ...rented, error: error('CAPACITY') })).toEqual(['nothing was rented, so nothing was spent']);
});

it('a machine that could not be ended, and one that may have been made, is "at least"', () => {
  const failed: JournalEvent = { type: 'machine_failed', ...rented, error: error('CLEANUP') };
  expect(lines({ type: 'machine_ending', ...rented, reason: 'x', sinceIntent: true }, failed)).toEqual([
    'cost so far: at least $2.00  1 machine, 2.0 s',
    '  not finished or failed $2.00',
    '  not counted: bench-a-r-0 is not known to be gone',
  ]);
  expect(lines(failed)).toEqual([
    'cost so far: at least $0.00  1 machine, 0 ms',
    '  not counted: nobody knows whether bench-a-r-0 was made',
  ]);
});
