import { prng } from '@bench/core';
import type { FakeAnswer, FakeRequest } from './exchange.ts';

/**
 * What goes wrong with a request. The fake has not acted: `reset-before`, a status, `timeout-before`. It has acted, and its answer is lost or
 * spoilt: `reset-after`, `timeout-after` (silence until the client goes away), `malformed` (half of the JSON, as if whole), `slow-body` (half of
 * it, then silence), a status with `acted`. It acts and answers, `delayMs` late.
 */
export type FaultHow =
  | 'reset-before'
  | 'reset-after'
  | 'timeout-before'
  | 'timeout-after'
  | 'malformed'
  | 'slow-body'
  | (FakeAnswer & { acted?: boolean })
  | { delayMs: number };

export interface FaultRule {
  /** A pattern is compared with `METHOD /path`. Default: every request. */
  match?: RegExp | ((request: FakeRequest) => boolean);
  /** How often it strikes; then it is over. Default: until it is removed. */
  times?: number;
  /** Share of the requests that match, 0 to 1, drawn from `seed`. Default 1. */
  rate?: number;
  /** Default 1. */
  seed?: number;
  how: FaultHow;
}

/** A rule that is in force. */
export interface Fault {
  readonly id: number;
  /** How often it struck. */
  hits(): number;
  remove(): void;
}

export interface Faults {
  add(rule: FaultRule): Fault;
  clear(): void;
  remove(id: number): boolean;
  /** The first rule that strikes this request; counts it. */
  strike(request: FakeRequest): FaultHow | null;
}

export function faultsOf(): Faults {
  const rules = new Map<number, { rule: FaultRule; hits: number; draw: () => number }>();
  let last = 0;
  const matches = ({ match }: FaultRule, request: FakeRequest) =>
    match === undefined || (typeof match === 'function' ? match(request) : match.test(`${request.method} ${request.path}`));
  return {
    add: (rule) => {
      const id = ++last;
      const entry = { rule, hits: 0, draw: prng(rule.seed ?? 1).next };
      rules.set(id, entry);
      return { id, hits: () => entry.hits, remove: () => void rules.delete(id) };
    },
    clear: () => rules.clear(),
    remove: (id) => rules.delete(id),
    strike: (request) => {
      for (const entry of rules.values()) {
        const { rule } = entry;
        if (entry.hits >= (rule.times ?? Infinity) || !matches(rule, request)) continue;
        if (rule.rate !== undefined && entry.draw() >= rule.rate) continue;
        entry.hits += 1;
        return rule.how;
      }
      return null;
    },
  };
}

/** For the log. */
export function faultName(how: FaultHow): string {
  if (typeof how === 'string') return how;
  return 'delayMs' in how ? `delay ${how.delayMs} ms` : `HTTP ${how.status}${how.acted === true ? ' after acting' : ''}`;
}
