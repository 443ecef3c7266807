import { type Gate, globMatches, parseGate } from '@bench/core';

/** `gates:` of the settings file. */
export interface GateSettings {
  /** Of every recipe. */
  default: readonly Gate[];
  /** By the name of a recipe, or with `*` and `?` of several; of two that match the later counts. */
  recipes: Readonly<Record<string, readonly Gate[]>>;
}

/** A per cent as a share: `5%` is 0.05. */
export const shareOf = (percent: string): number => Number(percent.replace('%', '')) / 100;

/** `compare:` of the settings file. */
export function compareSettings(said: { tolerance?: string | undefined; between_runs?: string | undefined } | undefined): {
  compare?: { tolerance?: number; betweenRuns?: number };
} {
  if (!said) return {};
  return {
    compare: {
      ...(said.tolerance === undefined ? {} : { tolerance: shareOf(said.tolerance) }),
      ...(said.between_runs === undefined ? {} : { betweenRuns: shareOf(said.between_runs) }),
    },
  };
}

/** @throws BenchError `BENCH_GATE_INVALID`, of a text that the schema has not seen */
export function gateSettings(
  said: { default?: readonly string[] | undefined; recipes?: Readonly<Record<string, readonly string[]>> | undefined } | undefined,
): { gates?: GateSettings } {
  if (!said) return {};
  const recipes = Object.entries(said.recipes ?? {}).map(([name, texts]) => [name, texts.map(parseGate)] as const);
  return { gates: { default: (said.default ?? []).map(parseGate), recipes: Object.fromEntries(recipes) } };
}

/** Gates of a recipe: the default ones, but for figures that its own speak of, then its own; and instead of either those that were typed. */
export function gatesOf({ default: all, recipes }: GateSettings, recipe: string, typed: readonly Gate[] = []): readonly Gate[] {
  const lists = [all, ...Object.entries(recipes).flatMap(([name, gates]) => (globMatches(name, recipe) ? [gates] : [])), typed];
  return lists.reduce((known, own) => [
    ...known.filter((gate) => !own.some(({ figure, of }) => figure === gate.figure && of === gate.of)),
    ...own,
  ]);
}
