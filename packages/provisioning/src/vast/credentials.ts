import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '@bench/core';
import { readSecret, type SecretRef } from '../contract/secret.ts';
import type { VastSettings } from './settings.ts';

/** Where the key is looked for, in order: the settings alone, or the variable and the files of the `vastai` program. */
function places(settings: VastSettings, io: Io): SecretRef[] {
  if (settings.api_key) return [settings.api_key];
  const config = io.variable?.('XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  return [
    { from_env: 'VAST_API_KEY' },
    { from_file: join(config, 'vastai', 'vast_api_key') },
    { from_file: join(homedir(), '.vast_api_key') },
  ];
}

/** The account's key, masked from now on, and what it was read from; null: there is none. @throws BenchError for a file that cannot be read. */
export async function findApiKey(settings: VastSettings, io: Io): Promise<{ key: string; from: string } | null> {
  for (const place of places(settings, io)) {
    const key = await readSecret(place, io);
    if (key !== undefined) return { key, from: nameOf(place) };
  }
  return null;
}

/** Why there is no key, and what to do. */
export function missingApiKey(settings: VastSettings, io: Io): { reason: string; hint: string } {
  const looked = places(settings, io).map(nameOf);
  return {
    reason: `no API key: ${looked.join(', ')} ${looked.length === 1 ? 'is' : 'are'} not set`,
    hint: 'make a key at https://cloud.vast.ai/manage-keys/ and export VAST_API_KEY=…, or name a file: providers.vast.api_key: {from_file: …}',
  };
}

const nameOf = (place: SecretRef): string => ('from_env' in place ? `the variable ${place.from_env}` : `the file ${place.from_file}`);
