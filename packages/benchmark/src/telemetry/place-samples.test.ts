import { expect, it } from 'vitest';
import { placeSamples } from './place-samples.ts';

const ZERO = 1_800_000_000_000;
const CPU = { busyS: 1, totalS: 2 };
// The host's clock is 5 s ahead of this one; both samples are of the same moment.
const samples = {
  host: [{ fromMs: ZERO + 5900, toMs: ZERO + 6100, gpus: [], cpu: CPU }],
  engine: [{ atMs: ZERO + 1000, figures: { running: 1 } }],
  clock: { offsetMs: 5000, uncertaintyMs: 2.5 },
};

it('lays samples of two clocks beside requests that were sent from here', () => {
  expect(placeSamples(samples, { zeroEpochMs: ZERO, client: 'here' })).toEqual([
    { kind: 'clock', of: 'host', offsetMs: -5000, uncertaintyMs: 2.5, method: 'exchange' },
    { kind: 'clock', of: 'engine', offsetMs: 0, uncertaintyMs: 0, method: 'same' },
    { kind: 'host', atMs: 1000, gpus: [], cpu: CPU },
    { kind: 'engine', atMs: 1000, running: 1 },
  ]);
});

it('and beside requests that were sent from the host', () => {
  expect(placeSamples(samples, { zeroEpochMs: ZERO + 5000, client: 'host' })).toEqual([
    { kind: 'clock', of: 'host', offsetMs: 0, uncertaintyMs: 0, method: 'same' },
    { kind: 'clock', of: 'engine', offsetMs: 5000, uncertaintyMs: 2.5, method: 'exchange' },
    { kind: 'host', atMs: 1000, gpus: [], cpu: CPU },
    { kind: 'engine', atMs: 1000, running: 1 },
  ]);
});

it('leaves out what no clock is known of', () => {
  const kinds = (client: 'here' | 'host') =>
    placeSamples({ ...samples, clock: null }, { zeroEpochMs: ZERO, client }).map((line) => (line.kind === 'clock' ? line.of : line.kind));
  expect(kinds('here')).toEqual(['engine', 'engine']);
  expect(kinds('host')).toEqual(['host', 'host']);
});

it('is in the order of times, warm-up before zero', () => {
  const engine = [3000, -2000, 10].map((ms) => ({ atMs: ZERO + ms, figures: { waiting: 0 } }));
  const lines = placeSamples({ host: [], engine, clock: null }, { zeroEpochMs: ZERO, client: 'here' });
  expect(lines.flatMap((line) => (line.kind === 'clock' ? [] : [line.atMs]))).toEqual([-2000, 10, 3000]);
});
