import type { Distribution } from '@bench/core';
import type { DeplodockParts } from '../formats/deplodock-twin.ts';
import { complete, type ForeignResult } from '../formats/foreign-result.ts';

/** A text and a JSON file of one measurement, taken together. */
export interface Twins {
  parts: DeplodockParts;
  /** What the two say differently, in words. */
  contradictions: string[];
}

/** Figures are the JSON's where both have them; the text fills in what it lacks. */
export function joinTwins(json: DeplodockParts, text: DeplodockParts): Twins {
  const [ours, theirs] = [json.results[0], text.results[0]];
  const contradictions = [...taskDifferences(json, text), ...(ours && theirs ? figureDifferences(ours, theirs) : [])];
  const results = ours && theirs ? [joinResults(ours, theirs)] : [...(ours ? json.results : text.results)];
  return {
    parts: {
      task: json.task || text.task ? { ...text.task, ...json.task, ...(text.task?.recipe ? { recipe: text.task.recipe } : {}) } : null,
      results,
      compose: json.compose ?? text.compose,
      command: json.command ?? text.command,
      system: json.system || text.system ? { ...text.system, ...json.system } : null,
    },
    contradictions,
  };
}

function joinResults(json: ForeignResult, text: ForeignResult): ForeignResult {
  const names = new Set([...Object.keys(text.distributions), ...Object.keys(json.distributions)]);
  return complete({
    ...text,
    ...json,
    scalars: { ...text.scalars, ...json.scalars },
    distributions: Object.fromEntries([...names].map((name) => [name, { ...text.distributions[name], ...json.distributions[name] }])),
    counts: { ...text.counts, ...json.counts },
    native: { ...text.native, ...json.native },
    problems: [...new Set([...json.problems, ...text.problems])],
  });
}

function taskDifferences(json: DeplodockParts, text: DeplodockParts): string[] {
  const facts = [
    ['variant', json.task?.variant, text.task?.variant],
    ['GPU', json.task?.gpuName, text.task?.gpuName],
    ['number of GPUs', json.task?.gpuCount, text.task?.gpuCount],
    ['model', json.results[0]?.model, text.results[0]?.model],
  ] as const;
  return facts.flatMap(([name, a, b]) => (a !== undefined && b !== undefined && a !== b ? [`${name} ${a} and ${b}`] : []));
}

/** Both are written with two decimals, the JSON's rounded again. */
const ROUNDING = 0.005 + 1e-9;

function figureDifferences(json: ForeignResult, text: ForeignResult): string[] {
  const pairs: [name: string, a: number | undefined, b: number | undefined][] = [
    ...Object.keys(json.scalars).map((name): (typeof pairs)[0] => [name, json.scalars[name], text.scalars[name]]),
    ...Object.entries(json.distributions).flatMap(([name, summary]) =>
      (Object.keys(summary) as (keyof Distribution)[])
        .filter((key) => typeof summary[key] === 'number')
        .map((key): (typeof pairs)[0] => [`${name} ${key}`, summary[key], text.distributions[name]?.[key]]),
    ),
    ['successful requests', json.counts.ok, text.counts.ok],
    ['failed requests', json.counts.failed, text.counts.failed],
    ['duration', json.durationS, text.durationS],
    ['concurrency', json.maxConcurrency, text.maxConcurrency],
  ];
  return pairs.flatMap(([name, a, b]) =>
    a !== undefined && b !== undefined && Math.abs(a - b) > ROUNDING ? [`${name} ${a} and ${b}`] : [],
  );
}
