import { BenchError, type ApiKind } from '@bench/core';
import { apiOf } from './apis/index.ts';

/** What the server can. Anything left out is found out by one small request before the clock starts. */
export interface ServerAbilities {
  /** Completions take arrays of token ids as prompts. Default false. */
  tokenIdPrompts?: boolean | undefined;
  /** Bodies may carry `ignore_eos`. Default: tried once. */
  ignoreEos?: boolean | undefined;
  /** Bodies may carry `stream_options.include_usage`. Default: tried once. */
  streamUsage?: boolean | undefined;
  /** Path of a tokenizer endpoint of vLLM's or llama.cpp's form, from the server's root. Null: there is none. Default: `/tokenize` is tried. */
  tokenizePath?: string | null | undefined;
}

/** Where a server is. */
export interface Origin {
  /** `http://host:port`. */
  origin: string;
  /** Path in front of `/v1`, without a slash at its end. */
  prefix: string;
}

/** A server, and how to speak to it: data that crosses to the workers. */
export interface LoadTarget extends Origin {
  /** Servers of the same model that get their turns of the load; the first alone is asked for what is learnt before. */
  more?: readonly Origin[] | undefined;
  /** Addresses of this machine that requests are sent from, in turn. Default: the system's choice. */
  sourceAddresses?: readonly string[] | undefined;
  model: string;
  apiKey?: string | undefined;
  server: ServerAbilities;
}

/** Splits a base URL, with or without `/v1`. @throws BenchError `BENCH_LOAD_URL` when it is no http(s) URL. */
export function parseBaseUrl(baseUrl: string): Origin {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new BenchError({
      code: 'BENCH_LOAD_URL',
      message: `"${baseUrl}" is not an http(s) URL`,
      hint: 'write it as http://127.0.0.1:8000',
    });
  }
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '') };
}

export function apiPath(target: LoadTarget, api: ApiKind, stream: boolean): string {
  return target.prefix + apiOf(api).path(stream);
}

/** `api`: of the load; what is asked beside it is asked as OpenAI has it. */
export function requestHeaders(target: LoadTarget, api: ApiKind = 'chat'): Record<string, string> {
  return { 'content-type': 'application/json', ...apiOf(api).headers(target.apiKey, target.origin) };
}
