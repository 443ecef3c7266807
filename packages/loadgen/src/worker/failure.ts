import type { RequestErrorClass } from '@bench/core';

/** As much of an error's message as goes into the record, characters. */
const MESSAGE_LENGTH = 300;

/** Why a request is not a result. */
export interface Failure {
  class: RequestErrorClass;
  message: string;
}

export function failure(kind: RequestErrorClass, message: string): Failure {
  return { class: kind, message: message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message };
}

/** An answer whose status is not 200. */
export function httpFailure(status: number, body: string): Failure {
  const kind = status >= 500 ? 'http_5xx' : status >= 400 ? 'http_4xx' : 'bad_response';
  return failure(kind, `HTTP ${status}: ${body.trim()}`);
}

/** The connection ended in the middle of an answer. */
export function cutFailure(cut: Error): Failure {
  return failure(isParserError(cut) ? 'bad_response' : 'reset', describe(cut));
}

/** How a stream ended: null for well. `problem` is the first thing that was wrong in it, `cut` why it stopped before its end, which `terminator` would have told. */
export function streamFailure(o: {
  problem: Failure | null;
  cut: Error | null;
  ended: boolean;
  chunks: number;
  terminator: string;
}): Failure | null {
  const { problem, cut, ended, chunks, terminator } = o;
  // What a cut left half written is the cut's fault, not the server's grammar.
  if (problem && (problem.class === 'error_event' || !cut)) return problem;
  if (cut && !ended) return cutFailure(cut);
  if (chunks === 0) return failure('no_content', 'the stream carried no token');
  return ended ? null : failure('no_end', `the stream closed without ${terminator}`);
}

export function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

export function describe(error: Error): string {
  const code = codeOf(error);
  const text = error.message || error.name;
  return code !== '' && !text.includes(code) ? `${code}: ${text}` : text;
}

/** What came is not HTTP. */
export function isParserError(error: Error): boolean {
  return codeOf(error).startsWith('HPE_') || error.name === 'HTTPParserError';
}
