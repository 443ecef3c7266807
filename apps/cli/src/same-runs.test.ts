import type { RunView } from '@bench/results';
import { expect, it } from 'vitest';
import { refuseSameRuns } from './same-runs.ts';

const side = (...runs: [id: string, path: string][]) => ({
  runs: runs.map(([id, dir]) => ({ run: { id }, dir }) as RunView),
  foreign: [],
});

it('a copy of a run is no repeat of it, and no other side', () => {
  refuseSameRuns(side(['ra', '/runs/ra'], ['rb', '/runs/rb']), side(['rc', '/runs/rc']));
  expect(() => refuseSameRuns(side(['ra', '/runs/ra']), side(['rb', '/runs/rb'], ['ra', '/copy/ra']))).toThrow('ra stands on both sides');
  expect(() => refuseSameRuns(side(['rc', '/runs/rc']), side(['ra', '/runs/ra'], ['ra', '/copy/ra']))).toThrow(
    'ra stands in the candidate 2 times: /runs/ra, /copy/ra',
  );
});
