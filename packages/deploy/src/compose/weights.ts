import { basename, dirname, isAbsolute, join, posix } from 'node:path';
import type { Model, Task } from '@bench/recipe';
import type { SiteFacts } from '../contract.ts';

/** How a model's weights come to the engine. Data; part of the record. */
export type Weights =
  /** Kept in the model folder between runs; fetched beforehand when the engine's image can. */
  | { kind: 'huggingface'; name: string; revision: string | null; fetch: boolean }
  /** A file of the host, mounted where it lies. */
  | { kind: 'on-host'; path: string; mount: string }
  /** A file of the recipe, copied to the host. */
  | { kind: 'copied'; from: string; to: string }
  | { kind: 'none' };

/** Folder in the container for a recipe's own file. */
const COPIED = '/bench/models';

/** A model of several files is named by the first. */
const SPLIT = /-\d{5}-of-\d{5}\.gguf$/;

/** Where a task's weights come from. */
export function weightsOf(task: Task, site: Pick<SiteFacts, 'hostDir'>, options: { fetch: boolean }): Weights {
  const model = task.resolved.model as Model;
  if (model.huggingface !== undefined) {
    return { kind: 'huggingface', name: model.huggingface, revision: model.revision ?? null, fetch: options.fetch };
  }
  if (model.gguf === undefined) return { kind: 'none' };
  if (isAbsolute(model.gguf)) {
    const folder = dirname(model.gguf);
    return { kind: 'on-host', path: model.gguf, mount: SPLIT.test(model.gguf) && folder !== '/' ? folder : model.gguf };
  }
  const from = join(task.dir, model.gguf);
  // All parts of a split model lie in one folder.
  const whole = SPLIT.test(model.gguf) ? dirname(from) : from;
  return { kind: 'copied', from: whole, to: posix.join(site.hostDir, 'models', basename(whole)) };
}

/** What an engine is told as the model's path; undefined: it goes by the name. */
export function pathInContainer(task: Task, weights: Weights): string | undefined {
  const file = task.resolved.model?.gguf;
  if (file === undefined) return undefined;
  if (weights.kind !== 'copied') return file;
  const inside = posix.join(COPIED, basename(weights.to));
  return SPLIT.test(file) ? posix.join(inside, basename(file)) : inside;
}

export interface Mount {
  type: 'bind';
  source: string;
  target: string;
  read_only?: true;
}

/** The mounts that weights need. */
export function weightMounts(weights: Weights, modelDir: string): Mount[] {
  switch (weights.kind) {
    case 'huggingface':
      return [{ type: 'bind', source: modelDir, target: modelDir }];
    case 'on-host':
      return [{ type: 'bind', source: weights.mount, target: weights.mount, read_only: true }];
    case 'copied':
      return [{ type: 'bind', source: weights.to, target: posix.join(COPIED, basename(weights.to)), read_only: true }];
    case 'none':
      return [];
  }
}
