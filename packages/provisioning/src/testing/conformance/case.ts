import type { ConformanceOptions } from './options.ts';
import type { Stage } from './stage.ts';

/** A case before it has a stage. */
export interface CaseDraft {
  /** Rents something. */
  rents: boolean;
  /** What it lacks; null: nothing. */
  lacks?: (options: ConformanceOptions) => string | null;
  body: (stage: Stage) => Promise<void>;
}

/** For {@link CaseDraft.lacks}: these hooks. */
export function hooks(...names: (keyof NonNullable<ConformanceOptions['hooks']>)[]) {
  return (options: ConformanceOptions): string | null => {
    const missing = names.filter((name) => options.hooks?.[name] === undefined);
    return missing.length === 0 ? null : `needs the hook ${missing.join(' and ')}`;
  };
}
