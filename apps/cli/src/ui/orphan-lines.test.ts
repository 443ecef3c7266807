import type { LedgerEntry, Machine } from '@bench/provisioning';
import { expect, it } from 'vitest';
import type { SeenMachine } from '../seen-machines.ts';
import { heldText, orphanLines, orphanText } from './orphan-lines.ts';

const NOW = Date.UTC(2026, 0, 2, 12);
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const same = (text: string) => text;
const style = { color: false, unicode: false, dim: same, red: same, green: same, yellow: same, cyan: same, bold: same };
const o = { now: NOW, owner: 'abc123def456' };
const ref = { provider: 'vast', id: '7', name: 'bench-abc123-r0-0', region: null, zone: null };

const entry = (more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  name: ref.name,
  provider: 'vast',
  account: null,
  run: 'r0',
  runDir: null,
  state: 'created',
  ref,
  offer: { id: 'o', instanceType: 't', region: 'r', zone: null, gpu: null, market: 'on-demand' },
  workload: 'vm',
  priceUsdPerHour: 3,
  priceSource: { name: 'vast', kind: 'live', at: ago(60) },
  storageUsdPerGbMonth: null,
  diskGb: 10,
  holder: { kind: 'process', pid: 42, start: null, bootId: null, machineId: null },
  intentAt: ago(61),
  createdAt: ago(60),
  runningAt: null,
  endedAt: null,
  changedAt: ago(60),
  expiresAt: null,
  note: null,
  ...more,
});
const machine = (more: Partial<Machine> = {}): Machine => ({
  ref,
  state: 'running',
  rawState: 'running',
  stateReason: null,
  connection: null,
  published: [],
  priceUsdPerHour: 2,
  priceSource: null,
  createdAt: ago(30),
  preempted: false,
  failure: null,
  owner: o.owner,
  run: 'r0',
  expiresAt: '2026-01-03T00:00:00Z',
  market: 'on-demand',
  workload: 'vm',
  ...more,
});
const seen = (more: Partial<SeenMachine>): SeenMachine => ({
  name: ref.name,
  provider: 'vast',
  machine: null,
  entry: null,
  claim: null,
  asked: true,
  whose: 'ours',
  ...more,
});

it('says nothing of a machine that somebody works with', () => {
  const held = seen({ entry: entry(), machine: machine(), claim: 'process 42' });
  expect(orphanText(held, o)).toBeNull();
  expect(heldText(held)).toBe('process 42');
  expect(heldText(seen({ entry: entry({ holder: { kind: 'lease', until: ago(-90) } }), claim: 'its lease' }))).toBe(
    'kept until 2026-01-02 13:30',
  );
});

it('says of one that nobody works with how old and dear it is, when it ends by itself, and what ends it', () => {
  const dead = seen({ entry: entry() });
  expect(heldText(dead)).toBe('nobody');
  expect(orphanText({ ...dead, asked: false }, o)).toEqual({
    what: 'bench-abc123-r0-0 is up, and nobody works with it (vast, $3.00/h, for 1h 00m, about $3.00 so far, its provider does not end it by itself)',
    todo: 'bench gc ends it',
  });
  expect(orphanText({ ...dead, machine: machine() }, o)?.what).toContain('its provider ends it at 2026-01-03 00:00 UTC');
  expect(orphanText(dead, o)?.what).toContain('vast does not show it any more');
  expect(orphanText(seen({ entry: entry({ state: 'unknown', ref: null, createdAt: null }) }), o)?.what).toContain('may have been made');
});

it('says of one that the ledger does not know what gc will do with it', () => {
  const stray = seen({ machine: machine() });
  expect(orphanText(stray, o)).toEqual({
    what: 'bench-abc123-r0-0 is up at vast, and the ledger does not know it (vast, $2.00/h, for 30m 00s, about $1.00 so far, its provider ends it at 2026-01-03 00:00 UTC)',
    todo: 'bench gc ends it',
  });
  expect(orphanText(seen({ machine: machine({ createdAt: ago(2) }) }), o)?.todo).toContain('ten minutes after it was made');
  expect(orphanText(seen({ machine: machine(), whose: 'uncertain' }), o)?.todo).toBe('if it is: bench gc --owner abc123def456');
  expect(orphanText(seen({ machine: machine(), entry: entry({ state: 'gone', endedAt: ago(5) }) }), o)?.what).toContain('has it as gone');
});

it('folds its lines to the width of the terminal', () => {
  const lines = orphanLines([seen({ entry: entry(), asked: false }), seen({ entry: entry(), claim: 'process 42' })], {
    ...o,
    style,
    width: 60,
  });
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain('does not end it by itself); bench gc ends it');
});
