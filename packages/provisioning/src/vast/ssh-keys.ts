import { z } from 'zod';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { Api } from './api.ts';
import { PROVIDER } from './explain.ts';
import { read } from './instances.ts';

const keySchema = z.object({ public_key: z.string().nullish(), ssh_key: z.string().nullish(), key: z.string().nullish() });
const keysSchema = z.union([z.array(keySchema), z.object({ ssh_keys: z.array(keySchema) }).transform(({ ssh_keys: keys }) => keys)]);

/** Type and key, without the comment. */
const bare = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

/** The SSH keys of an account. */
export interface AccountKeys {
  /**
   * A virtual machine knows the keys that its account has when it is made: those that it lacks are added. They stay there.
   * @throws BenchError with which certainly no machine was made
   */
  ensure(publicKeys: readonly string[], signal?: AbortSignal): Promise<void>;
}

export function accountKeys(api: Api): AccountKeys {
  const known = new Set<string>();
  // One after another: two machines that are made at once must not both add the key.
  let last: Promise<void> = Promise.resolve();
  const look = async (signal?: AbortSignal) => {
    const answer = await api.call({ kind: 'ssh-key', method: 'GET', path: '/api/v0/ssh/', signal });
    for (const { public_key: a, ssh_key: b, key: c } of read(keysSchema, answer.json(), 'ssh-key'))
      for (const line of [a, b, c]) if (line != null) known.add(bare(line));
  };
  const add = async (key: string, signal?: AbortSignal) => {
    try {
      await api.call({ kind: 'ssh-key', method: 'POST', path: '/api/v0/ssh/', body: { ssh_key: key }, signal });
      known.add(bare(key));
    } catch (error) {
      if (providerErrorKind(error) !== 'request') throw error;
      // Somebody else has added it meanwhile.
      await look(signal);
      if (!known.has(bare(key))) throw error;
    }
  };
  const ensure = async (publicKeys: readonly string[], signal?: AbortSignal) => {
    const lacks = () => publicKeys.filter((key) => !known.has(bare(key)));
    if (lacks().length > 0) await look(signal);
    for (const key of lacks()) await add(key, signal);
  };
  return {
    ensure: (publicKeys, signal) => {
      const mine = last
        .then(() => ensure(publicKeys, signal))
        .catch((error: unknown) => {
          throw nothingMade(error);
        });
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** A fault before the create call is not one of it: the account cannot be used now, and nobody need look for a machine. */
function nothingMade(error: unknown): unknown {
  if (providerErrorKind(error) !== 'transient') return error;
  return providerError({
    kind: 'capacity',
    provider: PROVIDER,
    op: 'create',
    scope: 'provider',
    message: 'the SSH keys of the account cannot be looked at, so no virtual machine can be made',
    providerMessage: (error as Error).message,
    cause: error,
  });
}
