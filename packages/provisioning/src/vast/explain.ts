import { z } from 'zod';
import { providerError, type ProviderErrorKind } from '../contract/error.ts';
import type { ProviderAnswer } from '../contract/provider.ts';

export const PROVIDER = 'vast';

/** A create that came too early is answered with 429, and so are those of the next 12 seconds. */
const CREATE_PENALTY_MS = 12_000;

/** Errors of the API are irregular: `{success: false, error, msg}`, `{detail}`, or plain text. */
const errorSchema = z.object({
  success: z.boolean().nullish(),
  error: z.unknown().optional(),
  msg: z.unknown().optional(),
  detail: z.unknown().optional(),
  new_contract: z.union([z.int(), z.string()]).nullish(),
});

export interface VastFault {
  /** `no_such_ask`; empty when there is none. */
  error: string;
  /** In words. */
  text: string;
  /** An instance that was made nevertheless. */
  contract: string | null;
}

/** What an answer says of a fault. Never throws. */
export function readFault(text: string): VastFault {
  const parsed = errorSchema.safeParse(tryJson(text));
  if (!parsed.success) return { error: '', text: text.trim().slice(0, 300), contract: null };
  const { error, msg, detail, new_contract: contract } = parsed.data;
  const words = [error, msg, detail].filter((part): part is string => typeof part === 'string' && part !== '');
  return {
    error: typeof error === 'string' ? error : '',
    text: words.join(': ').slice(0, 300),
    contract: contract == null ? null : String(contract),
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer that is no success means; undefined: by its status alone. */
export function explain(
  answer: Pick<ProviderAnswer, 'status' | 'text'>,
  context: { op: string; redact: (text: string) => string; spot?: boolean; ref?: (id: string) => unknown },
): Error | undefined {
  const fault = readFault(answer.text);
  const found = meaning(answer.status, fault, context);
  // What exists although the call failed must be told of, whatever else the answer says.
  if (found === null && fault.contract === null) return undefined;
  // Nor is a request wrong that made something.
  const failed: Meaning = { kind: 'failed', message: `${context.op} failed` };
  const { kind, message, hint }: Meaning = found === null || (found.kind === 'request' && fault.contract !== null) ? failed : found;
  return providerError({
    kind,
    provider: PROVIDER,
    op: context.op,
    message,
    hint,
    httpStatus: answer.status,
    providerMessage: context.redact(fault.text),
    ...(kind === 'rate-limit' && context.op === 'create' ? { retryAfterMs: CREATE_PENALTY_MS } : {}),
    ...(fault.contract === null ? {} : { ref: context.ref?.(fault.contract) }),
  });
}

interface Meaning {
  kind: ProviderErrorKind;
  message: string;
  hint?: string;
}

const LOW_BID = /\bbid\b.{0,40}\b(below|too low|lower|less than|minimum|increase|raise)\b|\b(min(imum)?|lowest)[ _]bid\b/i;

/** By status first. Words count only below 500: behind a fault of the server itself, they are no promise that it did not act. */
function meaning(status: number, { error, text }: VastFault, { op, spot }: { op: string; spot?: boolean }): Meaning | null {
  const says = (pattern: RegExp) => pattern.test(`${error} ${text}`);
  if (status >= 500) return null;
  if (status === 401)
    return { kind: 'auth', message: 'the API key is not accepted', hint: 'make a new one at https://cloud.vast.ai/manage-keys/' };
  if (status === 403) {
    // Also how the server says that an offer may not be rented by this account.
    if (op === 'create' && says(/\boffer \d+ is not\b/i)) return { kind: 'capacity', message: 'the offer may not be rented' };
    return {
      kind: 'auth',
      message: `the API key may not do this (${op})`,
      hint: 'give the key the permissions instance_read, instance_write, user_read and user_write at https://cloud.vast.ai/manage-keys/',
    };
  }
  if (status === 429 || says(/\btoo frequent\b/i)) return { kind: 'rate-limit', message: 'too many requests' };
  if (status === 402 || says(/\binsufficient[_ ](credit|balance|funds)\b|\blacks? credit\b|\bno credit\b/i)) {
    return { kind: 'balance', message: 'the account has no credit', hint: 'add credit at https://cloud.vast.ai/billing/' };
  }
  if (op === 'create' && (status === 410 || says(/\bno_such_ask\b|\bno longer available\b/i)))
    return { kind: 'capacity', message: 'the offer is gone' };
  if (op === 'create' && says(/\bno_ssh_key_for_vm\b/)) {
    return {
      kind: 'request',
      message: 'a virtual machine needs an SSH key in the account',
      hint: 'add any key at https://cloud.vast.ai/manage-keys/',
    };
  }
  // The lowest bid that wins may have risen since the search.
  if (op === 'create' && spot === true && (says(/\binvalid_price\b/) || says(LOW_BID)))
    return { kind: 'capacity', message: 'the bid is too low' };
  if (status === 400 || error === 'invalid_args' || error === 'invalid_price') return { kind: 'request', message: `${op} was refused` };
  return null;
}
