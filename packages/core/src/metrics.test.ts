import { expect, it } from 'vitest';
import { METRICS, metric } from './metrics.ts';

it('defines every metric once, in snake case, with a unit in the name of what is a time', () => {
  expect(new Set(METRICS.map((m) => m.name)).size).toBe(METRICS.length);
  for (const { name, label, kind, unit, definition } of METRICS) {
    expect(name).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
    expect([name, name.endsWith('_ms')]).toEqual([name, kind === 'distribution' && unit === 'ms']);
    expect(label).not.toBe('');
    expect(definition).toMatch(/\.$/);
  }
});

it('is found by name, and unknown when a client reported it itself', () => {
  expect(metric('icl_ms')?.definition).toContain('what vLLM prints as ITL');
  expect(metric('their_own')).toBeUndefined();
});
