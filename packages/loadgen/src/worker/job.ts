import type { GivingUp } from './giving-up.ts';
import type { Transcript } from './transcript.ts';

/** A request that is ready to go. */
export interface Job {
  /** Position among all requests of the point, warm-up first. */
  index: number;
  phase: 'warmup' | 'measured';
  body: Buffer;
  requestedPromptTokens: number | null;
  requestedOutputTokens: number | null;
  /** True when the server's tokenizer has confirmed the prompt's length. */
  counted: boolean;
  /** Name of its class; undefined: the load has none. */
  class?: string | undefined;
  /** Of a conversation: which, from 0, which turn of it, from 1, and what the user says in it. */
  turn?: { conversation: number; turn: number; text: string } | undefined;
  /** Told of every object of the answer in which a token can stand. */
  hear?: ((value: unknown) => void) | undefined;
  /** When the client gives it up; null: never. */
  givingUp: GivingUp | null;
  /** Absent: no tokenizer is to count it. */
  transcript?: Transcript | undefined;
}
