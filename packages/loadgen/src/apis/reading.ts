/** What one JSON object of an answer says: an event of a stream, or a whole answer. */
export interface Reading {
  error: string | null;
  /** It stands where a token can stand: a choice, a delta, a piece of the answer. What only tells how a stream is going does not. */
  choice: boolean;
  content: boolean;
  reasoning: boolean;
  toolCall: boolean;
  /** In the server's own words. */
  finishReason: string | null;
  /** Null: nothing said. What several objects of one answer say is put together, later ones first. */
  usage: Usage | null;
  /** By the rules of the API the stream may close after this. */
  end: boolean;
}

export interface Usage {
  promptTokens: number | null;
  cachedTokens: number | null;
  outputTokens: number | null;
  reasoningTokens: number | null;
}

export type Json = Record<string, unknown>;

export const object = (value: unknown): Json | null => (typeof value === 'object' && value !== null ? (value as Json) : null);
export const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter((item): item is Json => object(item) !== null) : []);
/** Is it a text that is not empty? */
export const text = (value: unknown): boolean => typeof value === 'string' && value !== '';
export const word = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
/** Those of the values that are texts, one after another. */
export const joined = (...values: unknown[]): string =>
  values.reduce<string>((all, value) => (typeof value === 'string' ? all + value : all), '');
export const count = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null);

/** A reading that says what is given, and nothing else. */
export function reading(said: Partial<Reading>): Reading {
  return {
    error: said.error ?? null,
    choice: said.choice ?? false,
    content: said.content ?? false,
    reasoning: said.reasoning ?? false,
    toolCall: said.toolCall ?? false,
    finishReason: said.finishReason ?? null,
    usage: said.usage ?? null,
    end: said.end ?? false,
  };
}

/** The message of an `error` that is an object or a text; null: there is none. */
export function errorText(json: Json): string | null {
  if (json.error === undefined || json.error === null) return null;
  const error = object(json.error);
  if (!error) return String(json.error);
  return typeof error.message === 'string' ? error.message : JSON.stringify(error);
}

/** What is known after `later`, which is changed. */
export function mergeUsage(earlier: Usage | null, later: Usage): Usage {
  if (earlier === null) return later;
  later.promptTokens ??= earlier.promptTokens;
  later.cachedTokens ??= earlier.cachedTokens;
  later.outputTokens ??= earlier.outputTokens;
  later.reasoningTokens ??= earlier.reasoningTokens;
  return later;
}
