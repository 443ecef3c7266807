import { BenchError, messageOf } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { CallOptions, Provider } from '../contract/provider.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { LedgerEntry } from '../ledger/entry.ts';

const known = new WeakMap<Provider, string>();

/** Whose money an open provider spends; asked for until it was said once. Null: it cannot say, or did not. */
export async function accountOf({ provider }: Pick<OpenProvider, 'provider'>, options: CallOptions = {}): Promise<string | null> {
  return await ask(provider, options).catch(() => null);
}

async function ask(provider: Provider, options: CallOptions): Promise<string | null> {
  const before = known.get(provider);
  if (before !== undefined || provider.account === undefined) return before ?? null;
  const account = await provider.account(options);
  known.set(provider, account);
  return account;
}

/**
 * Is the provider open with the account that rented the machine? To another one it is as good as gone, while it bills on. True also where
 * nobody can tell: the provider knows no accounts, or nobody wrote down which it was. Otherwise the error to throw: of kind `cleanup` when it
 * is another account; what the provider answered when it could not be asked, which may pass. Never rejects.
 */
export async function sameAccount(
  entry: Pick<LedgerEntry, 'name' | 'provider' | 'account' | 'ref'>,
  open: OpenProvider,
  options: CallOptions = {},
): Promise<true | BenchError> {
  const { name, provider, account, ref } = entry;
  if (account === null || open.provider.account === undefined) return true;
  let now: string | null;
  try {
    now = await ask(open.provider, options);
  } catch (cause) {
    if (BenchError.is(cause)) return cause;
    return providerError({
      kind: 'transient',
      provider,
      op: 'account',
      message: `whose account it is was not said: ${messageOf(cause)}`,
      cause,
    });
  }
  if (now === account) return true;
  return providerError({
    kind: 'cleanup',
    provider,
    op: 'account',
    message: `machine ${name}${ref === null ? '' : ` (id ${ref.id})`} was rented with another account (${account}); now it is ${now}: whether it still costs money cannot be seen`,
    hint: `use the key of account ${account} of ${open.factory.title}, then run: bench gc`,
    ...(ref === null ? {} : { ref }),
  });
}
