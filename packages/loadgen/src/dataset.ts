import { readFile } from 'node:fs/promises';
import { messageOf, prng, seedOf, type LoadData } from '@bench/core';
import type { ChatMessage, Prompt } from './body.ts';
import { datasetProblem as problem } from './dataset-problem.ts';
import { readHf } from './hf/read-hf.ts';

/** One entry of a prompt file. */
export interface DatasetEntry {
  prompt: Exclude<Prompt, { ids: number[] }>;
  /** What the file says about the answer's length; null: nothing. */
  outputTokens: number | null;
  /** The file's own answer, whose length may be asked of a tokenizer; null: none. */
  answer: string | null;
}

type Json = Record<string, unknown>;

/** Prompts that are read, not made. */
export type FileData = Extract<LoadData, { kind: 'jsonl' | 'sharegpt' | 'hf' }>;

/** What a load sends, where that is read from files; null: it is made. */
export function fileData(data: LoadData): FileData | null {
  return data.kind === 'jsonl' || data.kind === 'sharegpt' || data.kind === 'hf' ? data : null;
}

/**
 * Reads a prompt file and shuffles it by `seed`.
 *
 * `jsonl`: a JSON object a line with `prompt` or `text` (a string) or `messages` (chat), and optionally `output_tokens` or `max_tokens`.
 * With `reranked`: a JSON object a line with `query` (a string) and `documents` (a list of strings).
 * `hf`: see `readHf`.
 * `sharegpt`: a JSON array of `{conversations: [{from, value}, …]}`; the first turn is the prompt, the second tells the answer's length.
 * @throws BenchError `BENCH_DATASET` when the file cannot be read, an entry is not of that form, or there is none.
 */
export async function readDataset(options: {
  data: FileData;
  seed: number;
  /** Lines hold a query and documents to be put in order, and nothing else will do. */
  reranked: boolean;
}): Promise<DatasetEntry[]> {
  const { data, seed, reranked } = options;
  const { path } = data;
  const entries = data.kind === 'hf' ? await readHf(data, reranked) : await readText(data.kind, path, reranked);
  if (entries.length === 0) throw problem(path, 'there is no prompt in it');
  const random = prng(seedOf(seed, 'dataset'));
  for (let i = entries.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [entries[i], entries[j]] = [entries[j] as DatasetEntry, entries[i] as DatasetEntry];
  }
  return entries;
}

async function readText(kind: 'jsonl' | 'sharegpt', path: string, reranked: boolean): Promise<DatasetEntry[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw problem(path, messageOf(error), error);
  });
  if (reranked && kind === 'sharegpt') throw problem(path, 'conversations hold no documents to be reranked');
  return reranked ? queries(text, path) : kind === 'jsonl' ? jsonl(text, path) : sharegpt(text, path);
}

function jsonl(text: string, path: string): DatasetEntry[] {
  const entries: DatasetEntry[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const json = parse(line, `${path}:${i + 1}`) as Json | null;
    const said = json?.output_tokens ?? json?.max_tokens;
    const prompt = json?.prompt ?? json?.text;
    const outputTokens = typeof said === 'number' && Number.isInteger(said) && said > 0 ? said : null;
    if (typeof prompt === 'string' && prompt !== '') entries.push({ prompt: { text: prompt }, outputTokens, answer: null });
    else if (Array.isArray(json?.messages) && json.messages.length > 0) {
      entries.push({ prompt: { messages: json.messages as ChatMessage[] }, outputTokens, answer: null });
    } else throw problem(`${path}:${i + 1}`, 'it has neither "prompt", "text" nor "messages"');
  }
  return entries;
}

function queries(text: string, path: string): DatasetEntry[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const json = parse(line, `${path}:${i + 1}`) as Json | null;
    const { query, documents } = json ?? {};
    if (typeof query !== 'string' || !Array.isArray(documents) || !isTexts(documents))
      throw problem(`${path}:${i + 1}`, 'it has no "query" with a list of "documents"');
    return [{ prompt: { query, documents }, outputTokens: null, answer: null }];
  });
}

const isTexts = (items: unknown[]): items is string[] => items.length > 0 && items.every((item) => typeof item === 'string');

function sharegpt(text: string, path: string): DatasetEntry[] {
  const list = parse(text, path);
  if (!Array.isArray(list)) throw problem(path, 'it is not a JSON array');
  return list.flatMap((item: Json | null) => {
    const turns = item?.conversations;
    if (!Array.isArray(turns)) return [];
    const [question, answer] = turns.map((turn: Json | null) => turn?.value);
    if (typeof question !== 'string' || question === '' || typeof answer !== 'string') return [];
    return [{ prompt: { text: question }, outputTokens: null, answer }];
  });
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem(where, `it is not JSON: ${messageOf(error)}`, error);
  }
}
