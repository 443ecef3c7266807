import { asObject } from '../formats/loose-json.ts';
import { engineOf, readYaml } from './deployed.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';

/** What a deplodock recipe asks for: of a file that does not say what ran. */
export interface AskedByRecipe {
  engine: ForeignMeasurement['engine'];
  engineParams: ForeignMeasurement['params'];
  load: ForeignMeasurement['params'];
}

/** Reads a resolved recipe. A text that is none asks for nothing. */
export function askedByRecipe(recipe: string | null): AskedByRecipe {
  const root = asObject(readYaml(recipe));
  const llm = asObject(asObject(root?.['engine'])?.['llm']) ?? {};
  const sglang = asObject(llm['sglang'])?.['image'];
  const image = typeof sglang === 'string' && sglang !== '' ? sglang : asObject(llm['vllm'])?.['image'];
  return {
    engine: typeof image === 'string' ? engineOf(image) : null,
    engineParams: scalarsOf(llm),
    load: scalarsOf(asObject(root?.['benchmark']) ?? {}),
  };
}

function scalarsOf(object: Record<string, unknown>): ForeignMeasurement['params'] {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string | number | boolean] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  );
}
