import { describe, expect, it } from 'vitest';
import type { TaskGroup } from './groups.ts';
import { equalTasks, shortKeys, variantDifferences } from './variant-differences.ts';

const task = (facts: Record<string, string>) => ({ group: {} as TaskGroup, facts: new Map(Object.entries(facts)) });

describe('what differs between tasks', () => {
  it('is what is not equal in all, what only some have included; keys with few values first', () => {
    const tasks = [
      task({ 'engine.model': 'm', 'engine.tp': '1', 'load.rate': '1' }),
      task({ 'engine.model': 'm', 'engine.tp': '2', 'load.rate': '2' }),
      task({ 'engine.model': 'm', 'engine.tp': '2', 'load.rate': '3', extra: 'x' }),
    ];
    expect(variantDifferences(tasks)).toEqual({ keys: ['engine.tp', 'extra', 'load.rate'], equal: 1 });
    expect(equalTasks(tasks, ['engine.tp']).map((list) => list.length)).toEqual([1, 2]);
    expect(variantDifferences(tasks.slice(0, 1))).toEqual({ keys: [], equal: 3 });
  });

  it('has short names where these are clear', () => {
    expect([...shortKeys(['engine.llm.tp', 'a.model', 'b.model', 'model']).values()]).toEqual(['tp', 'a.model', 'b.model', 'model']);
  });
});
