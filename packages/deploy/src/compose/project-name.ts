import { hashOf } from '@bench/core';

/**
 * A name that both generations of compose take as a project: lower-case letters, digits, `-` and `_`, beginning with a letter or digit.
 * A name that has to be changed gets a part of its hash, so that two that differ stay apart.
 */
export function projectName(prefix: string): string {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(prefix)) return prefix;
  const safe = prefix
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '');
  return `${safe === '' ? 'bench' : safe}-${hashOf(prefix, 6)}`;
}
