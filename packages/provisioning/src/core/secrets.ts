import { redactor } from '@bench/core';

/**
 * A copy in which the secrets are `***`, wherever they stand in a string or a key (as they are, and as JSON, a URL and base64 spell them), and
 * so is the value of every key that names a secret (`HF_TOKEN`, `api_key`). For `Provider.plan`.
 */
export function maskSecrets<T>(value: T, secrets: readonly string[]): T {
  return redactor(secrets).redactValue(value);
}
