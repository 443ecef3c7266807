import { maskSecrets, maskSettings } from '@bench/core';
import { parse, stringify } from 'yaml';
import type { ForeignMeasurement } from './foreign-measurement.ts';

/**
 * A recipe, YAML or JSON, without the values of secrets; it stays one that can be read, and is as it was when it has none. What is neither is masked as text.
 */
export function maskRecipe(text: string): string {
  try {
    const settings: unknown = parse(text, { uniqueKeys: false, logLevel: 'silent' });
    const masked = maskSettings(settings);
    return JSON.stringify(masked) === JSON.stringify(settings) ? maskComments(text) : stringify(masked);
  } catch {
    return maskSecrets(text);
  }
}

/** What is a setting holds no secret any more; what was taken out of use may. */
function maskComments(text: string): string {
  return text.replace(/(?:^|\s)#.*$/gm, (comment) => maskSecrets(comment));
}

/** Other tools write what they were given: tokens of an engine's environment, keys of its command line. */
export function hideSecrets(measurement: ForeignMeasurement): ForeignMeasurement {
  const { params, engine, recipeText } = measurement;
  return {
    ...measurement,
    params: maskSettings(params) as ForeignMeasurement['params'],
    engine: engine && (maskSettings(engine) as ForeignMeasurement['engine']),
    recipeText: recipeText === null ? null : maskRecipe(recipeText),
  };
}
