import { redactor } from './redact.ts';

const MASK = '***';

const SECRET_WORDS = /^(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|CREDENTIAL|CREDENTIALS|APIKEY|APIKEYS|AUTHORIZATION|PGPASSWORD)$/;
/** Tokens of a text, and what is counted by the token. */
const TEXT_TOKENS =
  /^(?:EOS|BOS|PAD|UNK|SEP|CLS|MASK|STOP|START|BEGIN|END|SPECIAL|IMAGE|AUDIO|VIDEO|THINK|NEXT|FIRST|LAST|EACH|PER|INPUT|OUTPUT|PROMPT|DRAFT|BAD)$/;
/** What a key that opens nothing is one of. */
const PLAIN_KEYS =
  /^(?:SORT|CACHE|PRIMARY|FOREIGN|PARTITION|INDEX|GROUP|HASH|PUBLIC|ROUTING|LOOKUP|TASK|STATE|CONFIG|MISSING|UNEXPECTED|UNKNOWN|DUPLICATE)$/;
const OPENING_KEYS = /^(?:API|ACCESS|SECRET|PRIVATE|AUTH)$/;
/** Switches, what is written where a program insists on a key that nobody checks, and references to variables. */
const NO_SECRET = /^(?:|[01]|true|false|yes|no|on|off|empty|none|null|dummy|unused|not[-_ ]?needed|\$\w+|\$\{\w+\})$/i;
const NUMBER = /^\$?\d{1,15}(?:\.\d{1,15})?$/;

/**
 * Whether a setting by this name holds a secret, told by its last words: `HF_TOKEN`, `hfToken`, `db-password`, `ssl.private_key`, `key`; not
 * `max_tokens`, `eos_token`, `key_size`, `sort_key`. Broader than what a recipe is refused for: this only hides a value.
 */
function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/);
  const [before = '', last = ''] = words.length === 1 ? ['', words[0]] : words.slice(-2);
  if (last === 'KEY') return !PLAIN_KEYS.test(before);
  if (last === 'KEYS') return OPENING_KEYS.test(before);
  return SECRET_WORDS.test(last) && !(last === 'TOKEN' && TEXT_TOKENS.test(before));
}

const holdsNone = (name: string, value: string): boolean => NO_SECRET.test(value) || (/token$/i.test(name) && NUMBER.test(value));

const NAME = String.raw`[\w.-]{0,60}(?:token|secrets?|passw(?:or)?d|passphrase|credentials?|keys?)`;
const VALUE = String.raw`(?:"([^"\n]{4,})"|'([^'\n]{4,})'|(?:\\"|["'])?([^\s"',\]\\{=:*][^\s"',\]\\]{3,}))`;
const ANY = /token|secret|passw|passphrase|credential|key/i;
/** `api_key=['…'`, `"password": "…"`, `HF_TOKEN: …`. */
const SETTING = new RegExp(String.raw`(?<![\w.-])(${NAME})(\\?["']?[ \t]{0,4}[=:][ \t]{0,4}\[?)${VALUE}`, 'gi');
/** `--api-key …`, also as the items of a list. */
const FLAG = new RegExp(String.raw`--(${NAME})(["']?(?:,[ \t]{0,4}|[ \t]{1,4}))${VALUE}`, 'gi');

/**
 * A text that others wrote (a log, an error, a command line) without what looks like a secret: what {@link redactor} knows by its looks, and the values of
 * settings and flags whose names say that they hold one.
 */
export function maskSecrets(text: string): string {
  const clean = looks.redact(text);
  if (!ANY.test(clean)) return clean;
  const hide = (all: string, name: string, between: string, ...quoted: (string | undefined)[]): string => {
    const value = quoted.slice(0, 3).find((part) => part !== undefined) ?? '';
    // "Unexpected key: layers.0" is prose.
    const prose = /^keys?$/i.test(name) && between.includes(':') && !/["']/.test(between);
    if (prose || !namesSecret(name) || holdsNone(name, value.replace(/[)};]+$/, ''))) return all;
    return (
      all.slice(0, all.length - (all.endsWith(value) ? value.length : value.length + 1)) + MASK + (all.endsWith(value) ? '' : all.at(-1))
    );
  };
  return clean
    .replace(SETTING, hide)
    .replace(FLAG, (all: string, name: string, between: string, ...quoted: (string | undefined)[]) =>
      quoted[2]?.startsWith('-') ? all : hide(all, name, between.replace(':', ''), ...quoted),
    );
}

/** Settings as data (what JSON or YAML held) without secrets: strings as {@link maskSecrets} has them, and what stands under a name of a secret masked whole. A copy. */
export function maskSettings(value: unknown): unknown {
  return walk(value, '', 0);
}

/** Deeper is no setting. */
const MAX_DEPTH = 200;

/** `secret`: the name of a secret that it stands under; empty: none. */
function walk(value: unknown, secret: string, depth: number): unknown {
  if (depth > MAX_DEPTH) return null;
  if (typeof value === 'string' || typeof value === 'number') {
    if (secret === '') return typeof value === 'string' ? maskSecrets(value) : value;
    return holdsNone(secret, String(value)) ? value : MASK;
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, secret, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const { name } = value as { name?: unknown };
  // {name: HF_TOKEN, value: …}, as containers are given theirs
  const named = typeof name === 'string' && namesSecret(name) ? name : '';
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      // Where a secret is found is none.
      const under = key === 'from_env' ? '' : namesSecret(key) ? key : key === 'value' && named ? named : secret;
      return [key, walk(item, under, depth + 1)];
    }),
  );
}

const looks = redactor();
