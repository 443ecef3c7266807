export interface EventShape {
  chat: boolean;
  model: string;
  id: string;
}

type Json = Record<string, unknown>;

function event({ chat, model, id }: EventShape, choice: Json | null, extra: Json = {}): string {
  const object = chat ? 'chat.completion.chunk' : 'text_completion';
  return JSON.stringify({ id, object, created: 0, model, choices: choice ? [{ index: 0, ...choice }] : [], ...extra });
}

export function roleEvent(shape: EventShape): string {
  return event(shape, shape.chat ? { delta: { role: 'assistant', content: '' }, finish_reason: null } : { text: '', finish_reason: null });
}

export function tokenEvent(shape: EventShape, text: string, reasoning: boolean): string {
  const delta = reasoning ? { reasoning_content: text } : { content: text };
  return event(shape, shape.chat ? { delta, finish_reason: null } : { text, finish_reason: null });
}

export function finishEvent(shape: EventShape, reason: string): string {
  return event(shape, shape.chat ? { delta: {}, finish_reason: reason } : { text: '', finish_reason: reason });
}

export function usageEvent(shape: EventShape, usage: Json): string {
  return event(shape, null, { usage });
}

export function wholeAnswer({ chat, model, id }: EventShape, text: string, reason: string, usage: Json | null): string {
  const choice = chat ? { message: { role: 'assistant', content: text } } : { text };
  const object = chat ? 'chat.completion' : 'text_completion';
  return JSON.stringify({
    id,
    object,
    created: 0,
    model,
    choices: [{ index: 0, ...choice, finish_reason: reason }],
    ...(usage ? { usage } : {}),
  });
}

export function errorBody(message: string, code: number): string {
  return JSON.stringify({ error: { message, type: code < 500 ? 'invalid_request_error' : 'server_error', code } });
}
