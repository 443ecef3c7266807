import { usage } from '../asked.ts';

/** `--extra-body '{"top_k": 20}'`: fields of every request body. */
export function extraBodyOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage(`--extra-body ${text}: expected a JSON object`, `for example --extra-body '{"top_k": 20, "min_p": 0.05}'`);
  return value as Record<string, unknown>;
}
