import { BenchError, messageOf } from '@bench/core';
import { z } from 'zod';
import type { CheckItem, CheckReport } from '../contract/provider.ts';
import type { Api } from './api.ts';
import { read } from './instances.ts';

const userSchema = z.object({
  id: z.number().nullish(),
  email: z.string().nullish(),
  username: z.string().nullish(),
  credit: z.number().nullish(),
  balance: z.number().nullish(),
});

const payerSchema = z.object({ id: z.int() });

/** The user's id: every key of the account tells the same. @throws BenchError, of kind `transient` when it is not told */
export async function accountId(api: Api, signal?: AbortSignal): Promise<string> {
  const answer = await api.call({ kind: 'account', method: 'GET', path: '/api/v0/users/current/', signal });
  return String(read(payerSchema, answer.json(), 'account').id);
}

/** Is the key good, and is there money? */
export async function checkAccount(api: Api, from: string, signal?: AbortSignal): Promise<CheckReport> {
  let user: z.output<typeof userSchema>;
  try {
    const answer = await api.call({ kind: 'account', method: 'GET', path: '/api/v0/users/current/', signal });
    user = read(userSchema, answer.json(), 'check');
  } catch (error) {
    signal?.throwIfAborted();
    const hint = BenchError.is(error) ? error.hint : undefined;
    return {
      items: [
        {
          name: 'credentials',
          state: 'failed',
          text: `${messageOf(error)} (key from ${from})`,
          fix: hint ?? `look at the key in ${from}, and at the network`,
        },
      ],
    };
  }
  return { items: [{ name: 'credentials', state: 'ok', text: user.email ?? user.username ?? `user ${user.id ?? '?'}` }, balance(user)] };
}

function balance({ credit, balance: owed }: z.output<typeof userSchema>): CheckItem {
  const usd = credit ?? owed;
  if (usd == null) return { name: 'balance', state: 'warning', text: 'not known', fix: 'look at https://cloud.vast.ai/billing/' };
  if (usd > 0) return { name: 'balance', state: 'ok', text: `${usd.toFixed(2)} USD` };
  return { name: 'balance', state: 'failed', text: `${usd.toFixed(2)} USD`, fix: 'add credit at https://cloud.vast.ai/billing/' };
}
