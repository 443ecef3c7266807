import { describe, expect, it } from 'vitest';
import { type JournalEvent, type JournalLine, runSpans } from './index.ts';

const machine = { machine: 0, name: 'bench-a-r-0' };
const point = { recipe: 'r', variant: 'v', key: 'k', attempt: 1, point: 0, repeat: 0 };
const error = { code: 'X', message: 'x' };
const intent: JournalEvent = {
  type: 'machine_intent',
  ...machine,
  group: 0,
  provider: 'p',
  offer: '1× H200 in here',
  priceUsdPerHour: 1,
  priceSource: 'P, live',
  diskGb: 10,
  storageUsdPerGbMonth: null,
};

/** At so many seconds after the start. */
function journal(list: readonly (readonly [atS: number, event: JournalEvent])[]): JournalLine[] {
  return list.map(([atS, event], seq) => ({ seq, at: new Date(1e12 + atS * 1000).toISOString(), ...event }));
}

const short = (events: readonly JournalLine[]) =>
  runSpans(events).spans.map(({ lane, kind, fromMs, toMs }) => [lane, kind, fromMs / 1000, toMs / 1000]);

const LIFE: [number, JournalEvent][] = [
  [0, { type: 'run_started', pid: 1, resumed: false }],
  [2, intent],
  [40, { type: 'machine_ready', ...machine }],
  [42, { type: 'deployment_planned', deployment: 'd', key: 'k', machine: 0, target: 'compose', record: {} }],
  [60, { type: 'deployment_ready', deployment: 'd' }],
  [61, { type: 'attempt_started', recipe: 'r', variant: 'v', key: 'k', attempt: 1, deployment: 'd' }],
  [61, { type: 'point_started', ...point }],
  [71, { type: 'point_finished', ...point, path: 'x' }],
  [71.5, { type: 'point_started', ...point, point: 1 }],
  [74, { type: 'point_finished', ...point, point: 1, path: 'y' }],
  [75, { type: 'point_started', ...point, point: 2 }],
  [78, { type: 'point_failed', ...point, point: 2, error }],
  [80, { type: 'machine_ending', ...machine, reason: 'done' }],
  [90, { type: 'machine_gone', ...machine }],
];

describe('what the time of a run went into', () => {
  it('is told lane by lane; points that follow on one another are one stretch, and those that failed do not count', () => {
    expect(runSpans(journal(LIFE)).totalMs).toBe(90_000);
    expect(short(journal(LIFE))).toEqual([
      ['bench-a-r-0', 'startup', 2, 40],
      ['bench-a-r-0', 'teardown', 80, 90],
      ['d', 'deploying', 42, 60],
      ['d', 'measuring', 61, 74],
      ['d', 'failed', 75, 78],
    ]);
  });

  it('of a process that died ends with its last event, and what it had begun does not count', () => {
    const died = LIFE.slice(0, 7);
    expect(short(journal(died)).at(-1)).toEqual(['d', 'failed', 61, 61]);
    const resumed: [number, JournalEvent][] = [
      ...died,
      [500, { type: 'run_started', pid: 2, resumed: true }],
      [501, { type: 'attempt_started', recipe: 'r', variant: 'v', key: 'k', attempt: 2, deployment: 'd' }],
      [501, { type: 'point_started', ...point, attempt: 2 }],
      [511, { type: 'point_finished', ...point, attempt: 2, path: 'x' }],
    ];
    expect(short(journal(resumed)).slice(-2)).toEqual([
      ['d', 'failed', 61, 61],
      ['d', 'measuring', 501, 511],
    ]);
  });

  it('of an engine or machine that never came up is lost', () => {
    const lost: [number, JournalEvent][] = [
      [0, intent],
      [5, { type: 'deployment_planned', deployment: 'd', key: 'k', machine: 0, target: 'compose', record: {} }],
      [9, { type: 'deployment_failed', deployment: 'd', error }],
      [10, { type: 'machine_failed', ...machine, error }],
    ];
    expect(short(journal(lost))).toEqual([
      ['bench-a-r-0', 'failed', 0, 10],
      ['d', 'failed', 5, 9],
    ]);
    expect(runSpans([])).toEqual({ totalMs: 0, spans: [] });
  });
});
