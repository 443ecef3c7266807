import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, describe, expect, it } from 'vitest';
import { runLoad } from '../index.ts';
import { keepBodies } from '../sent-bodies.fixture.ts';
import { encodeOrder, readResult, standaloneFile } from '../standalone/index.ts';
import { startTestServer } from '../testing/index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A folder with these files. */
async function folderOf(files: Record<string, string | ArrayBuffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'loadgen-hf-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : Buffer.from(content));
  }
  return folder;
}

async function serve() {
  const server = await startTestServer();
  cleanups.push(() => server.close());
  const kept = await keepBodies(server);
  cleanups.push(() => kept.close());
  return kept;
}

/** What is asked when a data set is sent once: texts or messages, with the output tokens, in order of the text. */
async function asked(data: { path: string; column?: string; split?: string; rows?: number }, requests: number): Promise<unknown[]> {
  const { url, bodies } = await serve();
  const load = { numPrompts: requests, seed: 3, ignoreEos: false, data: { kind: 'hf' as const, ...data } };
  const { records, summary } = await runLoad({ baseUrl: url, model: 'test', load });
  expect(records.every((r) => r.status === 'ok')).toBe(true);
  expect(summary.flags.map((f) => f.code)).not.toContain('prompts_repeated');
  const said = bodies('/v1/chat/completions').map((body) => {
    const messages = body.messages as { role: string; content: string }[];
    return [messages.length === 1 ? messages[0]?.content : messages.map((m) => `${m.role}: ${m.content}`).join(' | '), body.max_tokens];
  });
  return said.sort((a, b) => String(a[0]).localeCompare(String(b[0])));
}

const table = (columns: Record<string, unknown[]>, codec?: 'SNAPPY' | 'UNCOMPRESSED') =>
  parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })), ...(codec ? { codec } : {}) });

describe('a Hugging Face data set on this machine', () => {
  it('is the parquet files of a split, with the columns that prompts and answers are known by', async () => {
    const path = await folderOf({
      'README.md': '# data',
      'data/train-00000-of-00002.parquet': table({ id: [1, 2], question: ['one one', 'two two'], answer: ['a b c', 'a b'] }),
      'data/train-00001-of-00002.parquet': table({ id: [3], question: ['three three'], answer: ['a'] }, 'UNCOMPRESSED'),
      'data/test-00000-of-00001.parquet': table({ id: [4], question: ['four four'], answer: ['a'] }),
      '.cache/train.parquet': 'not parquet',
    });
    // As many tokens as the answer has, and its BOS away.
    expect(await asked({ path }, 3)).toEqual([
      ['one one', 3],
      ['three three', 1],
      ['two two', 2],
    ]);
    expect(await asked({ path, split: 'test' }, 1)).toEqual([['four four', 1]]);
    expect((await asked({ path, rows: 2 }, 2)).map((each) => (each as unknown[])[0])).toEqual(['one one', 'two two']);
    expect((await asked({ path, column: 'answer', rows: 1 }, 1)).map((each) => (each as unknown[])[0])).toEqual(['a b c']);
  });

  it('is read through links, as a cache has them, and by a single file', async () => {
    const blobs = await folderOf({ abc: table({ text: ['linked text'], max_tokens: [7] }) });
    const path = await folderOf({});
    await symlink(join(blobs, 'abc'), join(path, 'part.parquet'));
    expect(await asked({ path }, 1)).toEqual([['linked text', 7]]);
    expect(await asked({ path: join(path, 'part.parquet') }, 1)).toEqual([['linked text', 7]]);
  });

  it('may be JSON of conversations, of which all before the first answer is sent', async () => {
    const path = await folderOf({
      'a.json': JSON.stringify([
        {
          conversations: [
            { from: 'system', value: 'be brief' },
            { from: 'human', value: 'hello' },
            { from: 'gpt', value: 'x y z' },
          ],
        },
        { conversations: [{ from: 'gpt', value: 'I begin' }] },
        { conversations: [{ from: 'human', value: 'bye' }] },
      ]),
    });
    expect(await asked({ path: join(path, 'a.json') }, 2)).toEqual([
      ['bye', undefined],
      ['system: be brief | user: hello', 3],
    ]);
  });

  it('may be JSONL of instructions or CSV', async () => {
    const path = await folderOf({
      'train.jsonl':
        '{"instruction": "Add", "input": "1 and 2", "output_tokens": 4}\n{"instruction": "Rest", "input": "", "output": "so it is"}\n\n',
      'other.csv': 'x',
    });
    expect(await asked({ path }, 2)).toEqual([
      ['Add\n\n1 and 2', 4],
      ['Rest', 3],
    ]);
    const csv = await folderOf({ 'p.csv': 'id,prompt\r\n1,"one, ""quoted""\nand on"\r\n2,two\r\n3,\r\n' });
    expect(await asked({ path: csv }, 2)).toEqual([
      ['one, "quoted"\nand on', undefined],
      ['two', undefined],
    ]);
  });

  it.each<[string, Record<string, string>, { column?: string; split?: string }, RegExp]>([
    ['a column that is not there', { 'a.csv': 'id,body\n1,x' }, { column: 'prompt' }, /no column prompt; it has id, body/],
    ['no column that is known', { 'a.csv': 'id,body\n1,x' }, {}, /no column one of messages, .*; it has id, body/],
    ['a split that is not there', { 'train.csv': 'prompt\nx' }, { split: 'test' }, /none of its files is of the split "test": train\.csv/],
    ['no file of a form', { 'a.arrow': 'x' }, {}, /no file in it that ends in one of/],
    ['what is not parquet', { 'a.parquet': 'no parquet at all' }, {}, /a\.parquet: /],
    ['a line that is not JSON', { 'a.jsonl': '{"prompt": "x"}\n{' }, {}, /line 2 is not JSON/],
    ['no prompt', { 'a.jsonl': '{"prompt": " "}\n' }, {}, /there is no prompt in it/],
  ])('is refused with %s', async (_name, files, options, message) => {
    const path = await folderOf(files);
    const { url } = await serve();
    const load = { numPrompts: 1, data: { kind: 'hf' as const, path, ...options } };
    await expect(runLoad({ baseUrl: url, model: 'test', load })).rejects.toMatchObject({
      code: 'BENCH_DATASET',
      message: expect.stringMatching(message) as string,
    });
  });

  it('is read by the standalone file too', async () => {
    const path = await folderOf({ 'a.parquet': table({ prompt: ['alone'], max_tokens: [5] }) });
    const { url, bodies } = await serve();
    const order = encodeOrder({ baseUrl: url, model: 'test', load: { numPrompts: 1, data: { kind: 'hf', path } } });
    const folder = await folderOf({ 'order.json': order });
    const [code] = (await once(spawn(process.execPath, [standaloneFile(), folder], { stdio: 'ignore' }), 'exit')) as [number];
    expect(code).toBe(0);
    expect((await readResult(folder)).summary.counts.ok).toBe(1);
    expect(bodies('/v1/chat/completions')).toMatchObject([{ messages: [{ content: 'alone' }], max_tokens: 5 }]);
  });
});
