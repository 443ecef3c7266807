import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.ts';
import { errorBody, finishEvent, roleEvent, tokenEvent, usageEvent, wholeAnswer, type EventShape } from './events.ts';
import type { Misbehaviour, TestServerOptions, TruthRecord } from './options.ts';

/** One generation request. */
export interface Work {
  options: TestServerOptions;
  body: Record<string, unknown>;
  truth: TruthRecord;
  fault: Misbehaviour | null;
  request: IncomingMessage;
  response: ServerResponse;
}

/** Answers one generation request, paced from absolute times, until done, gone wrong as ordered, or left by the client. */
export async function generate(work: Work): Promise<void> {
  const { options, body, truth, fault, request, response } = work;
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const shape: EventShape = { chat: Array.isArray(body.messages), model: String(body.model ?? 'test'), id: `t-${truth.id}` };
  const asked = Number(body.max_tokens ?? 16);
  const tokens = fault?.kind === 'no_content' ? 0 : Math.min(asked, options.stopAfter ?? asked);
  const reason = tokens < asked ? 'stop' : 'length';
  const wantsUsage = (body.stream_options as { include_usage?: unknown } | undefined)?.include_usage === true;
  const usage = () => ({
    prompt_tokens: truth.promptTokens,
    completion_tokens: truth.outputTokens,
    total_tokens: truth.promptTokens + truth.outputTokens,
    ...(options.cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: options.cachedTokens } }),
    ...(options.reasoningTokens ? { completion_tokens_details: { reasoning_tokens: Math.min(options.reasoningTokens, tokens) } } : {}),
  });
  const text = options.tokenText ?? ' tök€n';
  const startMs = truth.startedMs ?? clockMs();

  if (fault?.kind === 'status') {
    truth.outcome = 'status';
    response.writeHead(fault.status, { 'content-type': 'application/json' });
    response.end(errorBody(fault.message ?? 'as ordered', fault.status));
    return;
  }
  if (fault?.kind === 'html') {
    truth.outcome = 'html';
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>a proxy’s idea</title>');
    return;
  }
  if (fault?.kind === 'drop') {
    await until(startMs + fault.afterMs, gone.signal);
    truth.outcome = 'drop';
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'reset' && fault.after === 'request') {
    truth.outcome = 'reset';
    request.socket.resetAndDestroy();
    return;
  }
  if (body.stream !== true || fault?.kind === 'json') {
    await until(startMs + (options.ttftMs ?? 0) + (options.gapMs ?? 0) * Math.max(0, tokens - 1), gone.signal);
    if (fault && fault.kind !== 'no_content' && fault.kind !== 'json') {
      truth.outcome = fault.kind;
      request.socket.resetAndDestroy();
      return;
    }
    truth.outputTokens = tokens;
    truth.endMs = clockMs();
    truth.outcome = gone.signal.aborted ? 'client_gone' : (fault?.kind ?? 'done');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(wholeAnswer(shape, text.repeat(tokens), reason, options.usage === 'never' ? null : usage()));
    return;
  }

  const out = eventWriter(response, options);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  if (fault?.kind === 'reset' && fault.after === 'headers') {
    truth.outcome = 'reset';
    // The headers are to arrive first.
    await delay(20);
    request.socket.resetAndDestroy();
    return;
  }
  if (options.roleEvent ?? shape.chat) await out.event(roleEvent(shape));
  const perChunk = options.tokensPerChunk ?? 1;
  const chunks = Math.ceil(tokens / perChunk);
  const firstMs = startMs + (options.ttftMs ?? 0);
  for (let i = 0; i <= chunks; i++) {
    if (fault && 'after' in fault && fault.after === i) {
      truth.outcome = fault.kind;
      if (fault.kind === 'stall') {
        await new Promise<void>((resolve) => gone.signal.addEventListener('abort', () => resolve(), { once: true }));
        return;
      }
      if (fault.kind === 'reset' || fault.kind === 'close') {
        await delay(20);
        if (fault.kind === 'reset') request.socket.resetAndDestroy();
        else request.socket.destroySoon();
        return;
      }
      if (fault.kind === 'error_event') await out.event(errorBody('CUDA out of memory', 500));
      if (fault.kind === 'garbage') await out.event('{"choices": [');
      if (fault.kind === 'no_end') {
        await out.flush();
        response.end();
        return;
      }
    }
    if (i === chunks) break;
    const dueMs = firstMs + i * (options.gapMs ?? 0);
    await until(dueMs, gone.signal);
    if (gone.signal.aborted) {
      truth.outcome = 'client_gone';
      return;
    }
    const inChunk = Math.min(perChunk, tokens - i * perChunk);
    const reasoning = i * perChunk < (options.reasoningTokens ?? 0);
    const event = tokenEvent(shape, text.repeat(inChunk), reasoning);
    truth.dueMs.push(dueMs);
    truth.writesMs.push(clockMs());
    truth.outputTokens += inChunk;
    await out.event(event);
  }
  await out.event(finishEvent(shape, reason));
  if (options.usage === 'always' || (options.usage !== 'never' && wantsUsage)) await out.event(usageEvent(shape, usage()));
  await out.event('[DONE]');
  await out.flush();
  truth.endMs = clockMs();
  truth.outcome = fault?.kind ?? 'done';
  response.end();
}

/** Waits for a time of the monotonic clock; always gives other streams a turn. */
async function until(dueMs: number, signal: AbortSignal): Promise<void> {
  const wait = dueMs - clockMs();
  if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
  else await nextTurn();
}

interface EventWriter {
  event(data: string): Promise<void>;
  flush(): Promise<void>;
}

function eventWriter(response: ServerResponse, options: TestServerOptions): EventWriter {
  const end = options.lineEnd ?? '\n';
  const held: Buffer[] = [];
  const write = async (bytes: Buffer) => {
    const step = options.pieceBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      response.write(bytes.subarray(at, at + step));
      if (step < bytes.length) await nextTurn();
    }
  };
  return {
    async event(data) {
      const bytes = Buffer.from(`data: ${data}${end}${end}`);
      if (options.coalesce) held.push(bytes);
      else await write(bytes);
    },
    async flush() {
      if (held.length > 0) await write(Buffer.concat(held.splice(0)));
    },
  };
}
