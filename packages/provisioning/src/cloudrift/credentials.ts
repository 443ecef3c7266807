import type { Io } from '@bench/core';
import { readSecret } from '../contract/secret.ts';
import type { CloudriftSettings } from './settings.ts';

const VARIABLES = ['CLOUDRIFT_API_KEY', 'CLOUDRIFT_TOKEN'];

/** The key, and where it was found; null: nowhere. */
export async function findApiKey(settings: CloudriftSettings, io: Io): Promise<{ key: string; from: string } | null> {
  const { api_key: ref } = settings;
  if (ref !== undefined) {
    const key = (await readSecret(ref, io))?.trim();
    return key === undefined || key === '' ? null : { key, from: nameOf(ref) };
  }
  for (const name of VARIABLES) {
    const key = io.secrets.get(name)?.trim();
    if (key !== undefined && key !== '') return { key, from: name };
  }
  return null;
}

/** In words, for whoever looks for the key. */
export function missingApiKey(settings: CloudriftSettings): { reason: string; hint: string } {
  const where = settings.api_key === undefined ? VARIABLES.join(' or ') : nameOf(settings.api_key);
  return {
    reason: `no API key: ${where} is not set`,
    hint: `make a key at https://console.cloudrift.ai and put it into ${settings.api_key === undefined ? VARIABLES[0] : where}`,
  };
}

const nameOf = (ref: NonNullable<CloudriftSettings['api_key']>): string =>
  'from_env' in ref ? ref.from_env : 'from_file' in ref ? `the file ${ref.from_file}` : 'api_key';
