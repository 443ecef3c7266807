import { providerError, type ProviderErrorKind } from '../contract/error.ts';
import type { ProviderAnswer } from '../contract/provider.ts';

export const PROVIDER = 'cloudrift';

/** The server does not know the version that the envelope asks for. */
export const isVersionRefused = (answer: Pick<ProviderAnswer, 'status' | 'text'>): boolean =>
  answer.status === 400 &&
  /(unsupported|unknown|invalid|unrecognized)[\w\s]*version|version[\w\s"'.:~-]*(not supported|unsupported)/i.test(answer.text);

/** What an answer that is no success means; undefined: by its status alone. */
export function explain(answer: Pick<ProviderAnswer, 'status' | 'text'>, context: { op: string; keyFrom: string }): Error | undefined {
  const found = meaning(answer, context);
  if (found === null) return undefined;
  return providerError({
    provider: PROVIDER,
    op: context.op,
    httpStatus: answer.status,
    providerMessage: answer.text.trim().slice(0, 300),
    ...found,
  });
}

interface Meaning {
  kind: ProviderErrorKind;
  message: string;
  hint?: string;
  certain?: boolean;
}

const NO_MONEY = /\b(insufficient|not enough) (funds|balance|credit)\b|\bbalance (is )?too low\b/i;

function meaning(
  { status, text }: Pick<ProviderAnswer, 'status' | 'text'>,
  { op, keyFrom }: { op: string; keyFrom: string },
): Meaning | null {
  if (status === 401 || status === 403) {
    return {
      kind: 'auth',
      message: status === 401 ? 'the API key is not accepted' : `the API key may not do this (${op})`,
      hint: `look at ${keyFrom}, make a new key at https://console.cloudrift.ai; keys of a team need team_id in the settings`,
    };
  }
  // Words count only below 500: behind a fault of the server itself, they are no promise that it did not act.
  if (status === 402 || (status < 500 && NO_MONEY.test(text))) {
    return { kind: 'balance', message: 'the account has no money left', hint: 'add some at https://console.cloudrift.ai' };
  }
  // The node is used for containers or bare metal now: this type cannot be had as a VM there.
  if (op === 'rent' && status === 503 && /\bNodeAllocationModeMixed\b/.test(text))
    return { kind: 'capacity', message: 'the node is used otherwise', certain: true };
  // That type is not carried at that place, whatever the list said.
  if (op === 'rent' && status === 400 && /\bnot found\b|no (available )?(node|capacity)|out of (stock|capacity)/i.test(text))
    return { kind: 'capacity', message: 'the instance type is not to be had there' };
  if (status === 400) return { kind: 'request', message: `"${op}" was refused` };
  return null;
}
