import { readdir, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { datasetProblem } from '../dataset-problem.ts';

/** Forms of files, in the order in which a folder is searched for them. */
export const HF_FORMS = ['.parquet', '.jsonl', '.json', '.csv'] as const;
export type HfForm = (typeof HF_FORMS)[number];

/** Where no split is asked for. */
const USUAL_SPLIT = 'train';

export const formOf = (path: string): HfForm | null => HF_FORMS.find((form) => extname(path).toLowerCase() === form) ?? null;

/**
 * The files of a data set: `path` itself, or of a folder all of the first of {@link HF_FORMS} that is in it, by name; hidden ones are passed over. A file is of
 * a split when that is a part of its name or of its folders' (`data/train-00000-of-00002.parquet`, `default/train/0000.parquet`). Without `split` those of `train`, and all
 * where none is so called.
 * @throws BenchError `BENCH_DATASET` when there is none.
 */
export async function findFiles({ path, split }: { path: string; split?: string | undefined }): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw datasetProblem(path, error instanceof Error ? error.message : String(error), error);
  });
  if (!found.isDirectory()) {
    if (formOf(path) === null) throw datasetProblem(path, `its name does not end in one of ${HF_FORMS.join(', ')}`);
    if (split !== undefined) throw datasetProblem(path, 'a split is chosen among the files of a folder, and this is one file');
    return [path];
  }
  const names = (await readdir(path, { recursive: true })).filter((name) => !name.split(sep).some((part) => part.startsWith('.'))).sort();
  const form = HF_FORMS.find((each) => names.some((name) => formOf(name) === each));
  if (form === undefined) throw datasetProblem(path, `there is no file in it that ends in one of ${HF_FORMS.join(', ')}`);
  const files = names.filter((name) => formOf(name) === form);
  const ofSplit = files.filter((name) => name.split(/[/\\.-]/).includes(split ?? USUAL_SPLIT));
  if (split !== undefined && ofSplit.length === 0)
    throw datasetProblem(path, `none of its files is of the split "${split}": ${files.slice(0, 5).join(', ')}`);
  return (ofSplit.length > 0 ? ofSplit : files).map((name) => join(path, name));
}
