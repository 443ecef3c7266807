import type { LoadSpec } from './load.ts';

/** A file that a load reads. */
export interface LoadFile {
  path: string;
  /** As it is called to people. */
  what: string;
}

/** The files, or folders of a data set, that a load reads where it is sent from. */
export function loadFiles({ data, tokenizer }: Pick<LoadSpec, 'data' | 'tokenizer'>): LoadFile[] {
  return [
    ...(data.kind === 'random' ? [] : [{ path: data.path, what: 'the prompt file' }]),
    ...(tokenizer === undefined ? [] : [{ path: tokenizer, what: 'the tokenizer' }]),
  ];
}

/** The load as it is where its files lie elsewhere. */
export async function moveLoadFiles(load: LoadSpec, to: (file: LoadFile) => string | Promise<string>): Promise<LoadSpec> {
  const paths = new Map<string, string>();
  for (const file of loadFiles(load)) paths.set(file.path, await to(file));
  const there = (path: string) => paths.get(path) ?? path;
  return {
    ...load,
    data: load.data.kind === 'random' ? load.data : { ...load.data, path: there(load.data.path) },
    ...(load.tokenizer === undefined ? {} : { tokenizer: there(load.tokenizer) }),
  };
}
