import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.ts';
import { ARRIVAL_MS, answerWhole } from './answer-whole.ts';
import { planAnswer, type AnswerPlan } from './answer-plan.ts';
import type { Sleeper } from './due-timers.ts';
import { errorBody, finishEvent, roleEvent, tokenEvent, usageEvent, wholeAnswer, type EventShape } from './events.ts';
import { eventWriter, type EventWriter } from './event-writer.ts';
import type { Misbehaviour, TestServerOptions, TruthRecord } from './options.ts';

/** One generation request. */
export interface Work {
  options: TestServerOptions;
  /** What everything drawn for it follows from, beside the server's seed. */
  key: string;
  body: Record<string, unknown>;
  truth: TruthRecord;
  fault: Misbehaviour | null;
  request: IncomingMessage;
  response: ServerResponse;
  /** Ended when the client leaves. */
  sleeper: Sleeper;
}

interface Answer {
  shape: EventShape;
  tokens: number;
  text: string;
  finishReason: string;
  plan: AnswerPlan;
  startMs: number;
}

/** Answers one generation request, paced from absolute times, until done, gone wrong as ordered, or left by the client. */
export async function generate(work: Work): Promise<void> {
  const { options, key, body, truth, fault } = work;
  const asked = Number(body.max_tokens ?? 16);
  const tokens = fault?.kind === 'no_content' ? 0 : Math.min(asked, options.stopAfter ?? asked);
  const answer: Answer = {
    shape: { chat: Array.isArray(body.messages), model: String(body.model ?? 'test'), id: `t-${truth.id}` },
    tokens,
    text: options.tokenText ?? ' tök€n',
    finishReason: tokens < asked ? 'stop' : 'length',
    plan: planAnswer(options, key, tokens),
    startMs: truth.startedMs ?? clockMs(),
  };
  if (await refuse(work)) return;
  if (body.stream !== true || fault?.kind === 'json') await generateWhole(work, answer);
  else await answerStream(work, answer);
}

/** Goes wrong before anything of an answer, where that was ordered. */
export async function refuse({ truth, fault, request, response, sleeper }: Work): Promise<boolean> {
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, { 'content-type': 'application/json' });
    response.end(errorBody(fault.message ?? 'as ordered', fault.status));
  } else if (fault?.kind === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>a proxy’s idea</title>');
  } else if (fault?.kind === 'drop') {
    await sleeper.until((truth.startedMs ?? clockMs()) + fault.afterMs);
    request.socket.destroy();
  } else if (fault?.kind === 'reset' && fault.after === 'request') {
    request.socket.resetAndDestroy();
  } else return false;
  truth.outcome = fault.kind;
  return true;
}

/** How much later a whole answer comes than was planned, milliseconds. */
export function stallOf(fault: Misbehaviour | null): number {
  return fault?.kind === 'stall' ? (fault.forMs ?? Number.POSITIVE_INFINITY) : 0;
}

async function generateWhole(work: Work, answer: Answer): Promise<void> {
  const { options, truth, fault, sleeper } = work;
  const { plan, tokens, text, shape, finishReason } = answer;
  const stallMs = stallOf(fault);
  if (!(await sleeper.until(answer.startMs + (plan.atMs.at(-1) as number) + stallMs))) {
    truth.outcome = stallMs === Number.POSITIVE_INFINITY ? 'stall' : 'client_gone';
    return;
  }
  truth.outputTokens = tokens;
  const usage = options.usage === 'never' ? null : usageOf(options, truth);
  await answerWhole(work, wholeAnswer(shape, text.repeat(tokens), finishReason, usage));
}

async function answerStream(work: Work, answer: Answer): Promise<void> {
  const { options, key, body, truth, fault, request, response, sleeper } = work;
  const { plan, shape, text } = answer;
  const out = eventWriter(response, options, key);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  if (fault?.kind === 'reset' && fault.after === 'headers') {
    truth.outcome = 'reset';
    await delay(ARRIVAL_MS);
    request.socket.resetAndDestroy();
    return;
  }
  if (options.roleEvent ?? shape.chat) await out.event(roleEvent(shape));
  let stalledMs = 0;
  for (let i = 0; i <= plan.sizes.length; i++) {
    if (fault && 'after' in fault && fault.after === i) {
      if (fault.kind !== 'stall') {
        truth.outcome = fault.kind;
        if (await goWrong(work, out)) return;
      } else {
        stalledMs = fault.forMs ?? Number.POSITIVE_INFINITY;
        const before = answer.startMs + (i === 0 ? 0 : (plan.atMs[i - 1] as number));
        if (!(await sleeper.until(before + stalledMs))) {
          truth.outcome = fault.forMs === undefined ? 'stall' : 'client_gone';
          return;
        }
      }
    }
    if (i === plan.sizes.length) break;
    const dueMs = answer.startMs + (plan.atMs[i] as number) + stalledMs;
    if (!(await sleeper.until(dueMs))) {
      truth.outcome = 'client_gone';
      return;
    }
    const size = plan.sizes[i] as number;
    const reasoning = truth.outputTokens < (options.reasoningTokens ?? 0);
    truth.outputTokens += size;
    truth.dueMs.push(dueMs);
    truth.chunkTokens.push(size);
    await out.event(tokenEvent(shape, text.repeat(size), reasoning), () => truth.writesMs.push(clockMs()));
  }
  await out.event(finishEvent(shape, answer.finishReason));
  const asked = (body.stream_options as { include_usage?: unknown } | undefined)?.include_usage === true;
  if (options.usage === 'always' || (options.usage !== 'never' && asked)) await out.event(usageEvent(shape, usageOf(options, truth)));
  await out.event('[DONE]');
  await out.flush();
  truth.endMs = clockMs();
  truth.outcome = fault?.kind ?? 'done';
  response.end();
}

/** Goes wrong in the middle of a stream. False: the stream goes on to its regular end. */
async function goWrong({ fault, request, response }: Work, out: EventWriter): Promise<boolean> {
  if (fault?.kind === 'error_event') await out.event(errorBody('CUDA out of memory', 500));
  else if (fault?.kind === 'garbage') await out.event('{"choices": [');
  else if (fault?.kind === 'no_end') {
    await out.flush();
    response.end();
    return true;
  } else if (fault?.kind === 'reset' || fault?.kind === 'close') {
    await delay(ARRIVAL_MS);
    if (fault.kind === 'reset') request.socket.resetAndDestroy();
    else request.socket.destroySoon();
    return true;
  }
  return false;
}

function usageOf(options: TestServerOptions, truth: TruthRecord): Record<string, unknown> {
  const { promptTokens, outputTokens, cachedTokens } = truth;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    ...(cachedTokens === null ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(options.reasoningTokens
      ? { completion_tokens_details: { reasoning_tokens: Math.min(options.reasoningTokens, outputTokens) } }
      : {}),
  };
}
