import { BenchError, messageOf } from '@bench/core';
import type { CallOptions, CheckItem, CheckReport } from '../contract/provider.ts';
import { providerError } from '../contract/error.ts';
import type { Api } from './api.ts';
import { PROVIDER } from './explain.ts';
import { accountSchema, meSchema } from './wire.ts';

const CONSOLE = 'https://console.cloudrift.ai';

/** The user's id, or the address where there is none: every key of the user tells the same. @throws BenchError, of kind `transient` for neither */
export async function userOf(api: Api, signal?: AbortSignal): Promise<string> {
  const me = await api.call({ kind: 'account', path: 'auth/me', data: {}, answer: meSchema, repeatable: true, signal });
  const who = me.id ?? me.email;
  if (who !== null && who !== undefined && who !== '') return who;
  throw providerError({ kind: 'transient', provider: PROVIDER, op: 'account', message: 'CloudRift does not tell whose key it is' });
}

/** Is the key good, and is there money? */
export async function checkAccount(api: Api, keyFrom: string, { signal }: CallOptions = {}): Promise<CheckReport> {
  try {
    const me = await api.call({ kind: 'account', path: 'auth/me', data: {}, answer: meSchema, repeatable: true, signal });
    const who = me.email ?? me.name ?? null;
    const known: CheckItem =
      who === null
        ? { name: 'credentials', state: 'failed', text: `nobody is behind the key in ${keyFrom}`, fix: `make a new key at ${CONSOLE}` }
        : { name: 'credentials', state: 'ok', text: who };
    return { items: who === null ? [known] : [known, await balance(api, signal)] };
  } catch (error) {
    signal?.throwIfAborted();
    const fix = (BenchError.is(error) ? error.hint : undefined) ?? `look at the key in ${keyFrom}, and at the network`;
    return { items: [{ name: 'credentials', state: 'failed', text: `${messageOf(error)} (key from ${keyFrom})`, fix }] };
  }
}

async function balance(api: Api, signal: AbortSignal | undefined): Promise<CheckItem> {
  const name = 'balance';
  try {
    const { balance: cents } = await api.call({
      kind: 'account',
      path: 'account/info',
      data: {},
      answer: accountSchema,
      repeatable: true,
      signal,
    });
    if (cents == null) return { name, state: 'warning', text: 'not told', fix: `look at ${CONSOLE}` };
    const text = `${(cents / 100).toFixed(2)} USD`;
    return cents > 0 ? { name, state: 'ok', text } : { name, state: 'failed', text, fix: `add money at ${CONSOLE}` };
  } catch (error) {
    signal?.throwIfAborted();
    // A key of a team may rent and yet not be told of the money.
    return { name, state: 'warning', text: messageOf(error), fix: `look at ${CONSOLE}` };
  }
}
