import { readFile } from 'node:fs/promises';
import { messageOf } from '@bench/core';
import { datasetProblem } from '../dataset-problem.ts';
import { readCsv } from './csv.ts';
import { formOf } from './find-files.ts';

export type Row = Record<string, unknown>;

/** One file of a data set. */
export interface Table {
  columns: readonly string[];
  /** The first `limit` rows, with at least these columns. */
  rows(columns: readonly string[], limit: number): Promise<Row[]>;
}

/** @throws BenchError `BENCH_DATASET` when the file cannot be read. */
export async function openTable(path: string): Promise<Table> {
  try {
    return formOf(path) === '.parquet' ? await parquetTable(path) : textTable(textRows(await readFile(path, 'utf8'), path));
  } catch (error) {
    throw datasetProblem(path, messageOf(error), error);
  }
}

function textTable(rows: Row[]): Table {
  return { columns: Object.keys(rows[0] ?? {}), rows: (_columns, limit) => Promise.resolve(rows.slice(0, limit)) };
}

function textRows(text: string, path: string): Row[] {
  const form = formOf(path);
  if (form === '.csv') return readCsv(text);
  if (form === '.json' && !/^\s*\{[^\n]*\}\s*\n\s*\{/.test(text)) {
    const json = JSON.parse(text) as unknown;
    const list = Array.isArray(json) ? json : (json as { data?: unknown } | null)?.data;
    if (!Array.isArray(list)) throw new Error('it is neither a JSON array, nor an object with an array "data", nor an object a line');
    return list.filter(isRow);
  }
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      const row = JSON.parse(line) as unknown;
      return isRow(row) ? [row] : [];
    } catch (error) {
      throw new Error(`line ${i + 1} is not JSON: ${messageOf(error)}`, { cause: error });
    }
  });
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads no more of the file than the columns that are asked for. The library is loaded here, for those who need it. */
async function parquetTable(path: string): Promise<Table> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  const total = Number(metadata.num_rows);
  return {
    columns,
    async rows(wanted, limit) {
      const rowEnd = Math.min(total, limit);
      if (rowEnd === 0) return [];
      return (await parquetReadObjects({ file, metadata, compressors, columns: [...wanted], rowStart: 0, rowEnd })) as Row[];
    },
  };
}
