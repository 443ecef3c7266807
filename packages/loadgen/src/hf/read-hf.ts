import type { LoadData } from '@bench/core';
import { datasetProblem } from '../dataset-problem.ts';
import type { DatasetEntry } from '../dataset.ts';
import { entryOf, neededColumns, PROMPT_COLUMNS } from './entry-of.ts';
import { findFiles } from './find-files.ts';
import { openTable } from './table.ts';

/**
 * Prompts of a Hugging Face data set that lies on this machine, in the order of its files and rows. Rows without a prompt are left out.
 * @throws BenchError `BENCH_DATASET` when a file cannot be read or has no column of prompts.
 */
export async function readHf(data: Extract<LoadData, { kind: 'hf' }>, reranked: boolean): Promise<DatasetEntry[]> {
  const { path, split, column, rows = Number.POSITIVE_INFINITY } = data;
  const entries: DatasetEntry[] = [];
  let left = rows;
  for (const file of await findFiles({ path, split })) {
    if (left <= 0) break;
    const table = await openTable(file);
    const columns = neededColumns(table.columns, { column, reranked });
    if (columns === null) {
      const wanted = reranked ? '"query" and "documents"' : (column ?? `one of ${PROMPT_COLUMNS.join(', ')}`);
      throw datasetProblem(file, `it has no column ${wanted}; it has ${table.columns.join(', ') || 'none'}`);
    }
    const read = await table.rows(columns, left).catch((error: unknown) => {
      throw datasetProblem(file, error instanceof Error ? error.message : String(error), error);
    });
    left -= read.length;
    for (const row of read) {
      const entry = entryOf(row, columns, reranked);
      if (entry) entries.push(entry);
    }
  }
  return entries;
}
