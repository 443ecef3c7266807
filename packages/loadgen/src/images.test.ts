import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import type { LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { promptMessages } from './body.ts';
import { runLoad, type Calibration } from './index.ts';
import { startTestServer, type TruthRecord } from './testing/index.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const exactly = (n: number) => ({ min: n, max: n });
const data = { kind: 'random' as const, inputTokens: exactly(20), outputTokens: exactly(2) };

let known: Calibration | undefined;
/** What the server saw of the requests of a load, in their order. */
async function sent(load: Partial<LoadSpecInput>, workers = 1) {
  const server = await startTestServer({ keepPrompts: true });
  cleanups.push(() => server.close());
  const result = await runLoad({
    baseUrl: server.url,
    model: 'test',
    load: { data, numPrompts: 6, maxConcurrency: 3, warmupRequests: 1, seed: 4, ...load },
    workers,
    calibration: known,
  });
  known ??= result.calibration;
  const order = (t: TruthRecord) => Number(t.id.split('-')[1]);
  const truth = server
    .truth()
    .filter((t) => t.id !== '')
    .sort((a, b) => order(a) - order(b));
  return { ...result, truth, images: truth.map((t) => (t.images ?? []).map((text) => Buffer.from(text, 'base64'))) };
}

/** Reads a PNG as its specification has it, checking every sum. */
function decode(png: Buffer): { width: number; height: number; pixels: Buffer } {
  expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    expect(png.readUInt32BE(at + 8 + length)).toBe(zlib.crc32(png.subarray(at + 4, at + 8 + length)));
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') as Buffer;
  expect([...header.subarray(8)]).toEqual([8, 2, 0, 0, 0]);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixels = zlib.inflateSync(chunks.get('IDAT') as Buffer);
  expect(pixels.length).toBe(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) expect(pixels[y * (1 + 3 * width)]).toBe(0);
  return { width, height, pixels };
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('images', () => {
  it.each(['chat', 'messages'] as const)('of the asked size go with every request of %s, no two alike', async (api) => {
    const { images, records, summary, truth } = await sent({
      api,
      images: { perRequest: exactly(2), width: exactly(40), height: exactly(30) },
    });
    expect(summary.counts).toMatchObject({ ok: 6, warmup: 1 });
    expect(images.map((list) => list.length)).toEqual(Array<number>(7).fill(2));
    const all = images.flat();
    for (const png of all) expect(decode(png)).toMatchObject({ width: 40, height: 30 });
    expect(new Set(all.map(hash)).size).toBe(14);
    // Noise: it does not compress.
    const { pixels } = decode(all[0] as Buffer);
    expect(zlib.deflateSync(pixels, { level: 9 }).length).toBeGreaterThan(0.95 * pixels.length);
    // The text is what it is without them; how many tokens they have is the server's to tell.
    expect(truth.map((t) => t.prompt?.length)).toEqual(Array<number>(7).fill(9));
    expect(records.map((r) => [r.promptTokens, r.requestedPromptTokens])).toEqual(Array.from({ length: 7 }, () => [148, null]));
    expect(summary.flags.map((f) => f.code)).not.toContain('prompt_length');
  });

  it('follow from the seed alone, of as many sizes as were asked', async () => {
    const images = { perRequest: { min: 1, max: 3 }, width: { min: 8, max: 12 }, height: { min: 1, max: 4 } };
    const one = (await sent({ images })).images;
    const two = (await sent({ images, maxConcurrency: 2 }, 2)).images;
    expect(two.flat().map(hash)).toEqual(one.flat().map(hash));
    for (const list of one) {
      expect([1, 2, 3]).toContain(list.length);
      for (const png of list) {
        const { width, height } = decode(png);
        expect([8, 9, 10, 11, 12]).toContain(width);
        expect([1, 2, 3, 4]).toContain(height);
      }
    }
    expect(new Set(one.map((list) => list.length)).size).toBeGreaterThan(1);
    const other = (await sent({ images, seed: 5 })).images;
    const seen = new Set(one.flat().map(hash));
    expect(other.flat().some((png) => seen.has(hash(png)))).toBe(false);
  });

  it.each(['completions', 'responses', 'embeddings', 'ollama'] as const)('are refused with %s', async (api) => {
    const images = { width: exactly(8), height: exactly(8) };
    const load = { api, data, images, numPrompts: 1 };
    await expect(runLoad({ baseUrl: 'http://127.0.0.1:1', model: 'test', load })).rejects.toMatchObject({ code: 'BENCH_LOAD' });
  });

  it('are put behind the text of the user’s last message', () => {
    const part = { type: 'image_url' };
    const text = (said: string) => ({ type: 'text', text: said });
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: [text('c')] },
      { role: 'assistant', content: 'd' },
    ];
    expect(promptMessages({ messages }, [part])).toEqual([
      ...messages.slice(0, 2),
      { role: 'user', content: [text('c'), part] },
      messages[3],
    ]);
    expect(promptMessages({ text: 'a' }, [part])).toEqual([{ role: 'user', content: [text('a'), part] }]);
    expect(promptMessages({ messages }, [])).toEqual(messages);
  });
});
