import { Buffer } from 'node:buffer';

const MASK = '***';

/** Tokens and keys that are known by their own looks. */
const TOKENS: RegExp[] = [
  /\bhf_[A-Za-z0-9]{16,}\b/g,
  /\bsk-[A-Za-z0-9_-]{16,}\b/g,
  /\bnvapi-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp_|gho_|ghs_|github_pat_)[A-Za-z0-9_]{16,}\b/g,
  /\bya29\.[A-Za-z0-9_-]{16,}/g,
  // A key whose end was cut off is a key all the same.
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
];
/** Shapes of secrets that are masked even when nobody registered them. A group keeps what comes before the secret. */
const SHAPES: RegExp[] = [
  ...TOKENS,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  // https://user:password@host
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,200}:)[^\s@/"'<>]{1,500}(?=@)/gi,
  /(\bauthorization\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?(?:bearer|basic)\s{1,8})[^\s"',\\]+/gi,
];

/** Keys whose values are never shown; compared in snake case. */
const SECRET_KEY = /(^|[_-])(api[_-]?key|token|secret|password|passwd|authorization|private[_-]?key|secret[_-]?access[_-]?key)$/i;

export interface Redactor {
  /**
   * Masks this value from now on, and what JSON, a URL and base64 make of it; of a value of several lines, each line of 16 characters
   * or more too, since logs come by lines. Values under 4 characters are ignored: they would blank out ordinary text.
   */
  add(secret: string): void;
  redact(text: string): string;
  /** The same over strings in objects, arrays and errors; values of keys that name a secret are masked whole. The result is a copy. */
  redactValue<T>(value: T): T;
}

/** Masks known secrets, and things that look like one, wherever an error or a log line is made. */
export function redactor(initial: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  const self: Redactor = {
    add(secret) {
      for (const form of formsOf(secret)) known.add(form);
    },
    redact(text) {
      let out = maskAll(text, known);
      for (const shape of SHAPES) out = out.replace(shape, (_all, prefix) => (typeof prefix === 'string' ? prefix + MASK : MASK));
      return out;
    },
    redactValue<T>(value: T): T {
      return walk(value, self.redact, new Set()) as T;
    },
  };
  for (const secret of initial) self.add(secret);
  return self;
}

/** Where a text holds a token or key that is known by its own looks (`hf_…`, `sk-…`, a private key), counted from 0; -1: nowhere. */
export function findToken(text: string): number {
  const found = TOKENS.map((shape) => text.search(shape)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** A secret in every spelling in which it is likely to turn up. */
function formsOf(secret: string): string[] {
  const whole = secret.trim();
  const lines = whole.includes('\n') ? whole.split(/\r?\n/).filter((line) => line.trim().length >= 16) : [];
  return [whole, ...lines]
    .flatMap((text) => {
      const json = JSON.stringify(text).slice(1, -1);
      const url = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
      return [text, json, JSON.stringify(json).slice(1, -1), url, url.replaceAll('%20', '+'), Buffer.from(text).toString('base64')];
    })
    .filter((form) => form.length >= 4);
}

/** Masks every stretch that some secret covers; secrets that overlap are one stretch, so that no end of one is left standing. */
function maskAll(text: string, secrets: ReadonlySet<string>): string {
  const found: [from: number, to: number][] = [];
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) found.push([at, at + secret.length]);
  }
  if (found.length === 0) return text;
  found.sort((a, b) => a[0] - b[0]);
  let out = '';
  let done = 0;
  for (const [from, to] of found) {
    if (from >= done) out += text.slice(done, from) + MASK;
    done = Math.max(done, to);
  }
  return out + text.slice(done);
}

function walk(value: unknown, redact: (text: string) => string, above: Set<unknown>): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (above.has(value)) return '[circular]';
  above.add(value);
  const inside = (v: unknown) => walk(v, redact, above);
  let copy: unknown;
  if (Array.isArray(value)) copy = value.map(inside);
  else {
    const entries = Object.entries(value);
    // An error's own words are not enumerable.
    if (value instanceof Error) entries.unshift(['name', value.name], ['message', value.message]);
    copy = Object.fromEntries(entries.map(([k, v]) => [redact(k), namesSecret(k) ? maskDeep(v, inside) : inside(v)]));
  }
  above.delete(value);
  return copy;
}

function namesSecret(key: string): boolean {
  return SECRET_KEY.test(key.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));
}

function maskDeep(value: unknown, inside: (v: unknown) => unknown): unknown {
  if (typeof value === 'string') return value === '' ? '' : MASK;
  return Array.isArray(value) ? value.map((v) => maskDeep(v, inside)) : inside(value);
}
