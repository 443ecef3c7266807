import { expect, it } from 'vitest';
import { plannedPoints } from './planned-points.ts';
import type { SearchFile } from './search-file.ts';
import { limitsText, searchText } from './search-text.ts';
import type { RunView } from './run-view.ts';

const probe = { at: 4, missed: [], saturated: false, throughput: 1, point: 0, repeat: 0 };
const search: SearchFile = {
  axis: 'concurrency',
  slo: { ttft_p99_ms: 500, goodput: 0.95 },
  passes: 24,
  fails: 26,
  confidence: 0.875,
  complete: true,
  probes: [probe],
};

it('says what a search found, and how sure it is', () => {
  expect(searchText(search)).toBe('24 concurrent pass, 26 do not (87 % sure)');
  expect(searchText({ ...search, axis: 'rate', passes: 5.656854, fails: 6 })).toBe('5.657 req/s pass, 6 do not (87 % sure)');
  expect(searchText({ ...search, fails: null })).toBe('24 concurrent pass, and no higher load was to be tried (87 % sure)');
  expect(searchText({ ...search, fails: null, complete: false })).toBe(
    '24 concurrent pass (87 % sure); the search did not come to its end',
  );
  expect(searchText({ ...search, passes: null, fails: 1 })).toBe('no load passes, not even 1 concurrent (87 % sure)');
  expect(searchText({ ...search, passes: null, fails: null, complete: false, probes: [] })).toBe(
    'nothing was measured; the search did not come to its end',
  );
  expect(limitsText(search)).toBe('TTFT p99 at most 500 ms, goodput at least 95 %');
});

it('a run knows how many points it has when its searches are done, and before that how many it may have', () => {
  const planned = [
    { key: 'a', points: 3, repeats: 2 },
    { key: 'b', points: 30, repeats: 1, atMost: true },
  ];
  const view = (status: string) =>
    ({ run: { tasks: planned }, tasks: [{ file: { key: 'b', status }, points: [1, 2, 3, 4] }] }) as unknown as RunView;
  expect(plannedPoints(view('running'))).toEqual({ points: 36, atMost: true });
  expect(plannedPoints(view('done'))).toEqual({ points: 10, atMost: false });
});
