import { expect, it } from 'vitest';
import { BenchError } from './error.ts';
import { createIo } from './real-io.ts';

it('masks a secret in every line from the moment it was read', () => {
  const lines: unknown[] = [];
  const io = createIo({ env: { HF_TOKEN: 'planted"secret', EMPTY: '' }, logger: { log: (...line) => void lines.push(line) } });
  io.logger.log('info', 'before: nothing known');
  expect([io.secrets.get('HF_TOKEN'), io.secrets.get('EMPTY'), io.secrets.get('ABSENT')]).toEqual(['planted"secret', undefined, undefined]);
  io.logger.log('warn', 'used planted"secret', { body: JSON.stringify({ auth: 'planted"secret' }), apiKey: 'other' });
  expect(lines).toEqual([
    ['info', 'before: nothing known', undefined],
    ['warn', 'used ***', { body: '{"auth":"***"}', apiKey: '***' }],
  ]);
  expect(io.redact('planted"secret')).toBe('***');
});

it('reads a variable that is no secret without masking its value', () => {
  const io = createIo({ env: { PROJECT: 'bench-tests', EMPTY: '' } });
  expect([io.variable?.('PROJECT'), io.variable?.('EMPTY'), io.variable?.('ABSENT')]).toEqual(['bench-tests', undefined, undefined]);
  expect(io.redact('in bench-tests')).toBe('in bench-tests');
});

it('refuses to open a host when it was given no way to', async () => {
  await expect(createIo().connect('somewhere')).rejects.toSatisfy((error) => BenchError.is(error) && error.code === 'BENCH_NO_CONNECT');
});

it('sleeps until it is told not to', async () => {
  const io = createIo();
  const stop = new AbortController();
  const sleeping = io.sleep(60_000, stop.signal);
  stop.abort();
  await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
  await expect(io.sleep(1)).resolves.toBeUndefined();
  expect(io.monotonic()).toBeLessThanOrEqual(io.monotonic());
});
