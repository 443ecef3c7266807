import type { Api } from '../apis/api.ts';
import type { Reading } from '../apis/reading.ts';
import { promptInput, type Prompt } from '../body.ts';

/** What one request said and was told, for a tokenizer that counts it when the run has ended. */
export interface Transcript {
  /** Null: it was token ids, had images, or is a query, which servers read once for each document. */
  readonly prompt: string | null;
  /** Null: it holds what is no text, as tool calls are. */
  answer(): string | null;
  /** Notes an object of the answer. */
  hear(value: unknown, reading: Reading): void;
}

/** `prompt` null: it is more than text. */
export function startTranscript(api: Api, prompt: Prompt | null): Transcript {
  const input = prompt === null || 'documents' in prompt ? null : promptInput(prompt);
  let said = '';
  let isText = true;
  return {
    prompt: typeof input === 'string' ? input : null,
    answer: () => (isText ? said : null),
    hear(value, reading) {
      if (reading.toolCall) isText = false;
      said += api.generated(value);
    },
  };
}
