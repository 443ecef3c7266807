import { ApiError, invalid } from './api-error.ts';

/** A JSON object from outside. `null` counts as absent everywhere, as clients send it for "default". */
export type Fields = Record<string, unknown>;

export function asFields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError({ status: 400, message: 'the request body must be a JSON object' });
  }
  return value as Fields;
}

export interface Range {
  min: number;
  max: number;
}

export function readNumber(fields: Fields, name: string, range: Range): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < range.min || value > range.max) {
    throw invalid(name, `${name} must be a number from ${range.min} to ${range.max}`);
  }
  return value;
}

export function readInteger(fields: Fields, name: string, range: Range): number | undefined {
  const value = readNumber(fields, name, range);
  if (value !== undefined && !Number.isInteger(value)) throw invalid(name, `${name} must be a whole number`);
  return value;
}

export function readBoolean(fields: Fields, name: string): boolean | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(name, `${name} must be true or false`);
}

export function readString(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(name, `${name} must be a string`);
}

/** A string, or up to `most` of them. */
export function readStrings(fields: Fields, name: string, most: number): string[] {
  const value = fields[name] ?? [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > most) throw invalid(name, `${name} takes at most ${most} strings`);
  return list.map((item) => {
    if (typeof item !== 'string' || item === '') throw invalid(name, `${name} must be a string that is not empty, or a list of them`);
    return item;
  });
}

/** Refuses what would change the answer and is not done here, rather than ignore it. */
export function refuse(fields: Fields, unsupported: Record<string, (value: unknown) => boolean>): void {
  for (const [name, harmless] of Object.entries(unsupported)) {
    const value = fields[name];
    if (value !== undefined && value !== null && !harmless(value)) throw invalid(name, `this engine does not support ${name}`);
  }
}
