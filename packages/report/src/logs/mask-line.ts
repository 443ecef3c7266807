import { redactor } from '@bench/core';

const NAMES = 'api[_-]?keys?|(?:hf|auth|access)[_-]token|secret(?:[_-]key)?|password';
/** Settings that engines print with their values when they start. A group keeps what comes before the secret. */
const SETTINGS: readonly RegExp[] = [
  // api_key=['…'], "password": "…"
  new RegExp(String.raw`((?:^|[^A-Za-z])(?:${NAMES})["']?\s{0,4}[=:]\s{0,4}\[?["']?)(?!none\b|null\b)[^\s"',\]]{4,}`, 'gi'),
  // --api-key …
  new RegExp(String.raw`(--(?:${NAMES})\s{1,4})[^\s"',\]]{4,}`, 'gi'),
];

/** A line of a log without what looks like a secret: engines write their logs themselves, and a report is sent on. */
export function maskLine(line: string): string {
  return SETTINGS.reduce((text, setting) => text.replace(setting, (_all, before: string) => `${before}***`), looks.redact(line));
}

const looks = redactor();
