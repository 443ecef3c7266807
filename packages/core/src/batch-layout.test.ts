import { describe, expect, it } from 'vitest';
import { BATCH_FILES, batchClientPlanSchema, encodeBatchState, isBatchStateName, parseBatchState } from './batch-layout.ts';

describe('files of state', () => {
  it('come back as they were written, and let pass what a newer version adds', () => {
    const announced = { atMs: 5, hosts: ['gpu0', '10.0.0.7'], port: 8000 };
    expect(parseBatchState('service.announced', encodeBatchState('service.announced', announced))).toEqual(announced);
    const exit = { atMs: 6, code: null, reason: "it's over\n$(date)" };
    expect(parseBatchState('client.12.exit', encodeBatchState('client.12.exit', exit))).toEqual(exit);
    expect(parseBatchState('stop', '{"atMs":1,"reason":"done","of":"a later version"}')).toEqual({ atMs: 1, reason: 'done' });
  });

  it.each([
    ['half a file', 'service.ready', '{"atMs":'],
    ['another form', 'service.announced', '{"atMs":1,"hosts":[],"port":8000}'],
    ['a port that is none', 'service.announced', '{"atMs":1,"hosts":["a"],"port":70000}'],
    ['nothing', 'client.0.exit', ''],
  ] as const)('say nothing where there is %s', (_what, name, text) => {
    expect(parseBatchState(name, text)).toBeNull();
  });

  it.each([
    ['service.running', true],
    ['stop', true],
    ['client.0.exit', true],
    ['client.10.progress', true],
    ['client.01.exit', false],
    ['client.x.exit', false],
    ['client.1.toString', false],
    ['constructor', false],
    ['.service.ready.1a2b.tmp', false],
  ])('are told from other files: %s', (name, is) => {
    expect(isBatchStateName(name)).toBe(is);
  });
});

describe('the plan of the clients', () => {
  it('has defaults for what may be left out, and every client its own places', () => {
    expect(batchClientPlanSchema.parse({ version: 1, model: 'm', healthPath: '/health', orders: 2 })).toMatchObject({
      smokeTest: null,
      resetCachePath: null,
    });
    const places = [0, 1].flatMap((i) =>
      [0, 1].flatMap((k) => [BATCH_FILES.here(i, k), BATCH_FILES.ended(i, k), BATCH_FILES.result(i, k)]),
    );
    expect(new Set(places).size).toBe(12);
  });
});
