import type { Token } from 'node-llama-cpp';

export interface TextStreamOptions {
  /** Text of `tokens`, which follow `before`. */
  detokenize(tokens: readonly Token[], before: readonly Token[]): string;
  /** Tokens that the text continues; without any it starts a text of its own, with no leading space. */
  after: readonly Token[];
  /** Generation ends before the first of these. */
  stop: readonly string[];
}

/** Turns tokens into text that may be sent: never half a character, never the beginning of what may be a stop string. */
export interface TextStream {
  /** Text that became certain with this token, often all of it, sometimes ''. */
  push(token: Token): string;
  /** True once a stop string was met; what `push` gave until then is all. */
  readonly stopped: boolean;
  /** What was held back, when generation ends for another reason. */
  end(): string;
}

/** UTF-8 needs at most four bytes for a character; more byte tokens than that were never going to be one. */
const MAX_HELD_TOKENS = 4;
/** What `detokenize` puts in the place of an incomplete character. */
const REPLACEMENT = '\uFFFD';
/** Enough for the tokenizer's rules about spaces. */
const CONTEXT_TOKENS = 4;

export function makeTextStream({ detokenize, after, stop }: TextStreamOptions): TextStream {
  let held: Token[] = [];
  let before = after.slice(-CONTEXT_TOKENS);
  let pending = '';
  let stopped = false;

  const decode = (final: boolean): string => {
    if (held.length === 0) return '';
    const text = detokenize(held, before);
    if (!final && held.length < MAX_HELD_TOKENS && text.endsWith(REPLACEMENT)) return '';
    before = [...before, ...held].slice(-CONTEXT_TOKENS);
    held = [];
    return text;
  };

  const settle = (final: boolean): string => {
    if (stop.length === 0) {
      const text = pending;
      pending = '';
      return text;
    }
    const at = firstStop(pending, stop);
    if (at >= 0) {
      stopped = true;
      const text = pending.slice(0, at);
      pending = '';
      return text;
    }
    const keep = final ? 0 : possibleStop(pending, stop);
    const text = pending.slice(0, pending.length - keep);
    pending = pending.slice(pending.length - keep);
    return text;
  };

  return {
    get stopped() {
      return stopped;
    },
    push(token) {
      if (stopped) return '';
      held.push(token);
      pending += decode(false);
      return settle(false);
    },
    end() {
      if (stopped) return '';
      pending += decode(true);
      return settle(true);
    },
  };
}

function firstStop(text: string, stop: readonly string[]): number {
  return stop.reduce((first, candidate) => {
    const at = text.indexOf(candidate);
    return at >= 0 && (first < 0 || at < first) ? at : first;
  }, -1);
}

/** The length of the longest end of `text` that begins a stop string. */
function possibleStop(text: string, stop: readonly string[]): number {
  let longest = 0;
  for (const candidate of stop) {
    for (let length = Math.min(candidate.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(candidate.slice(0, length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}
