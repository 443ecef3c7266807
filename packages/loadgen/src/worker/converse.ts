import type { LoadSpec } from '@bench/core';
import { apiOf } from '../apis/index.ts';
import type { ChatMessage } from '../body.ts';
import { clockMs } from '../clock.ts';
import { thinkMs, type ConversationPlan } from '../conversations.ts';
import type { Exchange } from './exchange.ts';
import type { Job } from './job.ts';
import { LONGEST_TIMER_MS } from './loops.ts';
import type { Sender } from './sender.ts';
import type { Supply } from './supply.ts';

export interface ConverseOptions {
  sender: Sender;
  load: LoadSpec;
  plan: ConversationPlan;
  supply: Supply;
  /** After this, on `clockMs`, no turn is sent any more. */
  endMs: number;
  /** A turn after the first is about to be sent. */
  onNext(): void;
  /** Called for every turn that was sent. */
  onSettled(exchange: Exchange): void;
  signal: AbortSignal;
}

/**
 * A sender of whole conversations: given a first turn it sends the others as well, each with all that was said before, when the one before it was answered and
 * thought about. `onSettled` of `send` is called once, with the last one that was sent: a conversation ends with a turn that was not answered well.
 */
export function converse({ sender, load, plan, supply, endMs, onNext, onSettled, signal }: ConverseOptions): Sender {
  const { said } = apiOf(load.api);
  const heard = load.conversations?.history === 'synthetic' ? undefined : said;
  const thinking = new Map<NodeJS.Timeout, () => void>();
  const hurry = () => {
    for (const [timer, goOn] of thinking) {
      clearTimeout(timer);
      goOn();
    }
    thinking.clear();
  };
  signal.addEventListener('abort', hurry, { once: true });

  function say(job: Job, intendedMs: number, history: ChatMessage[], done: (last: Exchange) => void): void {
    let answer = '';
    const hear = heard && ((value: unknown) => (answer += heard(value)));
    sender.send({ ...job, hear }, intendedMs, (exchange) => {
      onSettled(exchange);
      const next = exchange.status === 'ok' ? nextOf(job) : null;
      if (next === null || signal.aborted) return done(exchange);
      const wait = thinkMs(load, next);
      const atMs = clockMs() + wait;
      const goOn = () => {
        if (signal.aborted || atMs >= endMs || clockMs() >= endMs) return done(exchange);
        const content = heard ? answer : supply.madeAnswer(job);
        history.push({ role: 'user', content: job.turn?.text ?? '' }, { role: 'assistant', content });
        onNext();
        say(supply.withHistory(supply.take(next, 'measured'), history), atMs, history, done);
      };
      // As in the loops: the connection is to be given back first.
      if (wait === 0) setImmediate(goOn);
      else {
        const timer = setTimeout(
          () => {
            thinking.delete(timer);
            goOn();
          },
          // Whoever would still be thinking at the end keeps the place until then, and timers may fire up to a millisecond early.
          Math.min(LONGEST_TIMER_MS, Math.ceil(Math.min(wait, endMs - clockMs())) + 1),
        );
        thinking.set(timer, goOn);
      }
    });
  }

  /** The ordinal of the turn after this one; null: it is the last. */
  function nextOf({ index }: Job): number | null {
    const next = index - load.warmupRequests + 1;
    if (next >= (load.numPrompts ?? Number.POSITIVE_INFINITY)) return null;
    return plan.placeOf(next).turn > 1 ? next : null;
  }

  return { ...sender, send: (job, intendedMs, done) => say(job, intendedMs, [], done) };
}
