import type { EngineInfo, SystemInfo } from '@bench/core';
import type { ForeignResult } from '../formats/foreign-result.ts';

/** Whose files a measurement was read from. `deplodock`: the system of CloudRift, whose files hold what vLLM or SGLang printed. */
export type ForeignKind = 'vllm' | 'sglang' | 'deplodock' | 'guidellm' | 'aiperf' | 'genai-perf';

/** One measurement that another tool made, with what its files say of the circumstances. */
export interface ForeignMeasurement {
  /** `path`: the file that the figures are from, as the user reaches it. */
  source: { kind: ForeignKind; path: string };
  /** What was measured, as its files call it; else the name of the folder or the file. */
  recipe: string;
  /** What tells it from the others of its recipe; `default` where nothing does. */
  variant: string;
  /** The settings that make the variant, as far as they are said. */
  params: Record<string, string | number | boolean | null>;
  /** `count` 0: not said. */
  gpu: { name: string | null; count: number };
  engine: Omit<EngineInfo, 'model'> | null;
  model: string | null;
  /** Null: nothing is said of the machine. */
  system: SystemInfo | null;
  /** The resolved recipe, YAML, its secrets as `***`; null: there is none. */
  recipeText: string | null;
  /** What was asked of the data, in words: `random prompts, 8000 tokens in, 8000 out`. Null: not said. */
  data: string | null;
  result: ForeignResult;
}
