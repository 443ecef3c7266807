import { groupBy } from '@bench/core';
import type { TaskGroup } from './groups.ts';

/** What one task was told, or ran on, key by key. */
export interface TaskFacts {
  group: TaskGroup;
  facts: ReadonlyMap<string, string>;
}

/** Where tasks are not the same. */
export interface VariantDifferences {
  /** Keys whose values differ, those with the fewest values first: they divide the tasks best. */
  keys: string[];
  /** Keys that are equal in all tasks. */
  equal: number;
}

/** Compares tasks key by key; what one has and another lacks differs, too. Pure. */
export function variantDifferences(tasks: readonly TaskFacts[]): VariantDifferences {
  const values = new Map<string, Map<string | null, number>>();
  for (const key of new Set(tasks.flatMap(({ facts }) => [...facts.keys()]))) {
    const counts = new Map<string | null, number>();
    for (const { facts } of tasks) {
      const value = facts.get(key) ?? null;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    values.set(key, counts);
  }
  const differing = [...values].filter(([, counts]) => counts.size > 1);
  return {
    keys: differing.sort(([, a], [, b]) => a.size - b.size).map(([key]) => key),
    equal: values.size - differing.length,
  };
}

/** Tasks that are equal in these keys, in order of appearance. */
export function equalTasks(tasks: readonly TaskFacts[], keys: readonly string[]): TaskFacts[][] {
  return [...groupBy(tasks, ({ facts }) => JSON.stringify(keys.map((key) => facts.get(key) ?? null))).values()];
}

/** The end of each dotted key that tells it from the others: `tensor_parallel_size`. */
export function shortKeys(keys: readonly string[]): Map<string, string> {
  const ends = (key: string) => key.split('.').map((_, i, parts) => parts.slice(parts.length - 1 - i).join('.'));
  return new Map(
    keys.map((key) => [
      key,
      ends(key).find((end) => keys.filter((other) => other === end || other.endsWith(`.${end}`)).length === 1) ?? key,
    ]),
  );
}
