import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bench, folder, type Running, show, start } from './cli.ts';

const running: Running[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.child.kill('SIGKILL');
    await each.finished;
  }
});

/** Starts a mock engine on a free port. */
async function mock(...flags: string[]): Promise<{ engine: Running; url: string }> {
  const engine = start(['mock-engine', '--port', '0', ...flags]);
  running.push(engine);
  let told = '';
  engine.child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await engine.saw(/mock engine at http:\S+ \(/);
  return { engine, url: /http:\S+/.exec(told)?.[0] as string };
}

interface Truth {
  options: { seed: number };
  summary: { requests: number; outcomes: Record<string, number>; outputTokens: number };
  requests: { id: string; outcome: string; writesMs: number[]; dueMs: number[]; chunkTokens: number[] }[];
}

const load = (url: string, ...flags: string[]) =>
  bench([
    'load',
    url,
    '--json',
    '--concurrency',
    '2',
    '--requests',
    '8',
    '--input-len',
    '20',
    '--output-len',
    '6',
    '--seed',
    '7',
    ...flags,
  ]);

describe('bench mock-engine', () => {
  it('answers load, and at Ctrl-C says what it did, with every token’s times in a file', async () => {
    const file = join(await folder(), 'truth.json');
    const drawn = ['--ttft', 'lognormal:10ms,0.3', '--itl', 'uniform:1ms-4ms', '--tokens-per-chunk', '2', '--slots', '2', '--seed', '3'];
    const { engine, url } = await mock(...drawn, '--crlf', '--pieces', '3', '--split-utf8', '--truth', file);
    const measured = await load(url);
    expect(measured.code, show(measured)).toBe(0);
    const { counts, scalars } = JSON.parse(measured.stdout) as { counts: { ok: number }; scalars: Record<string, number> };
    expect([counts.ok, scalars.total_output_tokens]).toEqual([8, 48]);
    engine.child.kill('SIGINT');
    const ended = await engine.finished;
    expect(ended.code, show(ended)).toBe(0);
    expect(ended.stdout).toMatch(/^requests +\d+ \(\d+ done\)$/m);
    expect(ended.stdout).toMatch(/^written after due +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d$/m);
    const truth = JSON.parse(await readFile(file, 'utf8')) as Truth;
    expect(truth.options.seed).toBe(3);
    const sent = truth.requests.filter((request) => request.id.startsWith('00000007-'));
    expect(sent).toHaveLength(8);
    for (const { chunkTokens, writesMs, dueMs } of sent) {
      expect([chunkTokens, writesMs.length, dueMs.length]).toEqual([[2, 2, 2], 3, 3]);
    }
  });

  it('goes wrong as it was told, and each way is counted on both sides', async () => {
    const { engine, url } = await mock('--ttft', '1ms', '--itl', '1ms', '--fault', 'http-503:3', '--fault', 'reset:2', '--json');
    const measured = await load(url);
    expect(measured.code, show(measured)).toBe(0);
    const { counts, errors } = JSON.parse(measured.stdout) as {
      counts: { sent: number; ok: number; failed: number };
      errors: Record<string, number>;
    };
    engine.child.kill('SIGINT');
    const { outcomes } = JSON.parse((await engine.finished).stdout) as Truth['summary'];
    expect(counts.sent).toBe(8);
    expect(counts.ok + counts.failed).toBe(8);
    expect(errors).toEqual({ http_5xx: outcomes.status, reset: outcomes.reset });
  });

  it.each([
    ['a request', 'reset-request', 'connect'],
    ['the head of an answer', 'reset-headers', 'reset'],
  ])('resets connections behind %s', async (_what, fault, counted) => {
    const { url } = await mock('--ttft', '1ms', '--itl', '1ms', '--fault', `${fault}:2`);
    const measured = await load(url);
    const { counts, errors } = JSON.parse(measured.stdout) as { counts: { ok: number; failed: number }; errors: Record<string, number> };
    expect(counts.failed, show(measured)).toBeGreaterThan(0);
    expect(counts.ok + counts.failed).toBe(8);
    expect(errors).toEqual({ [counted]: counts.failed });
  });

  it('closes connections behind answers, which is no error', async () => {
    const { url } = await mock('--ttft', '1ms', '--itl', '1ms', '--drop-after-answer');
    const measured = await load(url);
    expect(measured.code, show(measured)).toBe(0);
    expect(JSON.parse(measured.stdout)).toMatchObject({ counts: { ok: 8, failed: 0 } });
  });

  it.each([
    [['--ttft', 'soon'], '--ttft: "soon" is not a duration'],
    [['--itl', 'uniform:9ms-1ms'], '9ms is more than 1ms'],
    [['--tokens-per-chunk', '0'], '--tokens-per-chunk: "0"'],
    [['--fault', 'rset'], 'there is no fault "rset"'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await bench(['mock-engine', '--port', '0', ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says which port is taken', async () => {
    const { url } = await mock();
    const { code, stderr } = await bench(['mock-engine', '--port', new URL(url).port]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('--port chooses another')]);
  });
});
