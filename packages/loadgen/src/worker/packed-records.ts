import type { RequestRecord } from '@bench/core';
import { roomFor } from './growing.ts';

/**
 * Records as columns: an eighth of the memory that as many objects take, and nothing to copy on the way from a thread to another
 * (`transferOf`). What is in a record decides what columns there are.
 */
export interface PackedRecords {
  count: number;
  columns: Column[];
}

interface Column {
  key: string;
  /** Of each record, one of {@link KIND}. */
  kinds: Uint8Array;
  /** Numbers themselves, and places in `words`. Whole and small ones until there is another. */
  values: Int32Array | Float64Array;
  words: string[];
  /** By the record's place. */
  objects: Map<number, unknown>;
}

const KIND = { absent: 0, null: 1, number: 2, word: 3, object: 4 } as const;

export interface RecordPacker {
  push(record: RequestRecord): void;
  packed(): PackedRecords;
}

export function recordPacker(): RecordPacker {
  const columns = new Map<string, Column & { codes: Map<string, number> }>();
  let count = 0;

  function columnOf(key: string): Column & { codes: Map<string, number> } {
    let column = columns.get(key);
    if (!column) {
      column = { key, kinds: new Uint8Array(0), values: new Int32Array(0), words: [], objects: new Map(), codes: new Map() };
      columns.set(key, column);
    }
    return column;
  }

  function keep(column: Column, kind: number, number: number): void {
    if (column.values instanceof Int32Array && (number | 0) !== number) column.values = Float64Array.from(column.values);
    column.values = roomFor(column.values, count + 1);
    column.kinds[count] = kind;
    column.values[count] = number;
  }

  function put(key: string, value: unknown): void {
    const column = columnOf(key);
    column.kinds = roomFor(column.kinds, count + 1);
    if (typeof value === 'number') keep(column, KIND.number, value);
    else if (typeof value === 'string') {
      let code = column.codes.get(value);
      if (code === undefined) {
        code = column.words.push(value) - 1;
        column.codes.set(value, code);
      }
      keep(column, KIND.word, code);
    } else if (value === null) column.kinds[count] = KIND.null;
    else {
      column.kinds[count] = KIND.object;
      column.objects.set(count, value);
    }
  }

  return {
    push(record) {
      for (const [key, value] of Object.entries(record)) if (value !== undefined) put(key, value);
      count++;
    },
    packed: () => ({
      count,
      columns: [...columns.values()].map(({ key, kinds, values, words, objects }) => ({ key, kinds, values, words, objects })),
    }),
  };
}

/** The memory that need not be copied to another thread. */
export function transferOf({ columns }: PackedRecords): ArrayBuffer[] {
  return columns.flatMap(({ kinds, values }) => [kinds.buffer as ArrayBuffer, values.buffer as ArrayBuffer]);
}

/** The records, in the order in which they were pushed. */
export function* unpack({ count, columns }: PackedRecords): Generator<RequestRecord> {
  for (let at = 0; at < count; at++) {
    const record: Record<string, unknown> = {};
    for (const { key, kinds, values, words, objects } of columns) {
      const kind = kinds[at] ?? KIND.absent;
      if (kind === KIND.absent) continue;
      if (kind === KIND.number) record[key] = values[at];
      else if (kind === KIND.word) record[key] = words[values[at] as number];
      else record[key] = kind === KIND.null ? null : objects.get(at);
    }
    yield record as RequestRecord;
  }
}
