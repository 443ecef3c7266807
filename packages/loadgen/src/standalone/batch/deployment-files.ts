import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BATCH_FILES, type BatchState, type BatchStateName, encodeBatchState, makeFolder, parseBatchState, writeAtomic } from '@bench/core';
import { epochMs } from '../../clock.ts';

/** The files of one deployment, by which its jobs speak to each other. Paths are those of {@link BATCH_FILES}. */
export interface DeploymentFiles {
  readonly folder: string;
  path(file: string): string;
  /** Null: it is not there. */
  read(file: string): Promise<string | null>;
  /** What a file holds, by a function that answers null when it cannot make it out. Null too when it is not there. */
  look<T>(file: string, parse: (text: string) => T | null): Promise<T | null>;
  write(file: string, content: string): Promise<void>;
  state<Name extends BatchStateName>(name: Name): Promise<BatchState<Name> | null>;
  /** Writes a file of state as of now. */
  say<Name extends BatchStateName>(name: Name, state: Omit<BatchState<Name>, 'atMs'>): Promise<void>;
  /** Makes a folder's latest content visible here: on NFS what another node made may stay unseen for as long as names are cached, unless one changes the folder oneself. */
  refresh(file: string): Promise<void>;
}

export function deploymentFiles(folder: string, client: number): DeploymentFiles {
  const path = (file: string) => join(folder, file);
  const read = (file: string) => readFile(path(file), 'utf8').catch(() => null);
  const look: DeploymentFiles['look'] = async (file, parse) => {
    const text = await read(file);
    return text === null ? null : parse(text);
  };
  return {
    folder,
    path,
    read,
    look,
    write: (file, content) => writeAtomic(path(file), content),
    state: (name) => look(BATCH_FILES.state(name), (text) => parseBatchState(name, text)),
    say: (name, state) => writeAtomic(path(BATCH_FILES.state(name)), encodeBatchState(name, { ...state, atMs: epochMs() } as never)),
    async refresh(file) {
      const above = dirname(path(file));
      const mark = join(above, `.look-${client}.tmp`);
      try {
        await makeFolder(above);
        await writeFile(mark, '');
        await rm(mark, { force: true });
      } catch {
        // A full disk: what is there is seen later.
      }
    },
  };
}
