import { BenchError } from '@bench/core';
import type { TokenizeForm } from './calibration.ts';
import { postJson } from './http.ts';
import { requestHeaders, type LoadTarget } from './target.ts';

export interface Counted {
  count: number;
  ids: number[] | null;
}

/** The server's own tokenizer. */
export interface TokenCounter {
  path: string;
  form: TokenizeForm;
  /** @throws BenchError `BENCH_TOKENIZE` when the answer holds no count. */
  count(text: string): Promise<Counted>;
  /** Several texts, eight at a time. */
  countAll(texts: readonly string[]): Promise<Counted[]>;
}

const AT_ONCE = 8;

/**
 * Counts by `POST path`: vLLM and SGLang take `{model, prompt}` or `{model, messages}` and answer `{count, tokens}`;
 * llama.cpp takes `{content}` and answers `{tokens}`; TGI takes `{inputs}` and answers a list of tokens.
 */
export function tokenCounter(options: { target: LoadTarget; path: string; form: TokenizeForm; signal: AbortSignal }): TokenCounter {
  const { target, path, form, signal } = options;
  const url = target.origin + target.prefix + (path.startsWith('/') ? path : `/${path}`);
  async function count(text: string): Promise<Counted> {
    const body =
      form === 'messages'
        ? { model: target.model, messages: [{ role: 'user', content: text }] }
        : form === 'prompt'
          ? { model: target.model, prompt: text }
          : form === 'inputs'
            ? { inputs: text }
            : { content: text, add_special: true };
    const answer = await postJson(url, { headers: requestHeaders(target), body, signal, timeoutMs: 30_000 });
    const json = answer.json as { count?: unknown; tokens?: unknown } | undefined;
    const listed = form === 'inputs' ? answer.json : json?.tokens;
    const tokens: unknown[] | null = Array.isArray(listed)
      ? listed.map((t) => (form === 'inputs' ? (t as { id?: unknown } | null)?.id : t))
      : null;
    const ids = tokens?.every((t) => typeof t === 'number') ? tokens : null;
    const number = typeof json?.count === 'number' ? json.count : ids?.length;
    if (answer.status !== 200 || number === undefined) {
      throw new BenchError({ code: 'BENCH_TOKENIZE', message: `POST ${url} answered ${answer.status} without a token count` });
    }
    return { count: number, ids };
  }
  return {
    path,
    form,
    count,
    async countAll(texts) {
      const results: Counted[] = Array.from({ length: texts.length });
      let next = 0;
      const lane = async () => {
        for (let i = next++; i < texts.length; i = next++) results[i] = await count(texts[i] as string);
      };
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, texts.length) }, lane));
      return results;
    },
  };
}
