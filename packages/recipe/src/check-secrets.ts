import { findToken } from '@bench/core';
import type { Recipe } from './schema/recipe.ts';
import { splitShellWords } from './shell-words.ts';

type Path = readonly string[];
type Fail = (path: Path, message: string, hint?: string | null, offset?: number) => void;

const SECRET_WORDS = /^(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|CREDENTIAL|CREDENTIALS|APIKEY)$/;
/** What makes a key one that opens something; a sort key and a cache key do not. */
const SECRET_KEYS = /^(API|ACCESS|SECRET|PRIVATE|AUTH|MASTER|ENCRYPTION|SIGNING|ACCOUNT|LICENSE)$/;
/** Tokens of a language. */
const TEXT_TOKENS = /^(EOS|BOS|PAD|UNK|SEP|CLS|MASK|STOP|START|BEGIN|END|SPECIAL|IMAGE|AUDIO|VIDEO|THINK|NEXT|FIRST|LAST|EACH|PER)$/;
/** Switches, and what is written where a program insists on a key that nobody checks. A reference to a variable is no secret either. */
const NO_SECRET = /^(|[01]|true|false|yes|no|on|off|empty|none|null|dummy|unused|not[-_ ]?needed|\$\w+|\$\{\w+\})$/i;

/**
 * A recipe is shared, and copied into every run directory: a secret in it is named, never written. Told by the names of environment
 * variables and flags, and anywhere by the looks of a token. No message repeats the value.
 */
export function checkSecrets(recipe: Recipe, fail: Fail): void {
  const told = new Set<string>();
  const tell = (path: Path, message: string, hint: string, offset?: number) => {
    if (told.has(path.join('\0'))) return;
    told.add(path.join('\0'));
    fail(path, message, hint, offset);
  };
  for (const [path, env] of environments(recipe)) {
    for (const [name, value] of Object.entries(env)) {
      if (typeof value !== 'string' || !namesSecret(name) || NO_SECRET.test(value)) continue;
      tell([...path, name], `${name} is a secret, and its value stands in the recipe`, fromEnv(name));
    }
  }
  for (const [name, own] of Object.entries(recipe.engine?.llm ?? {})) {
    const flag = secretFlag((own as { extra_args?: unknown } | undefined)?.extra_args);
    if (flag !== null)
      tell(
        ['engine', 'llm', name, 'extra_args'],
        `${flag} is a secret, and its value stands in the recipe`,
        'give it to the engine in extra_env, as NAME: {from_env: NAME}',
      );
  }
  walk(recipe, [], (path, text) => {
    const at = findToken(text);
    if (at >= 0)
      tell(
        path,
        'this looks like a token, and a recipe may hold none',
        fromEnv('NAME', path.includes('env') || path.includes('extra_env')),
        at,
      );
  });
}

const fromEnv = (name: string, inEnv = true) =>
  `${inEnv ? 'write' : 'use an environment variable,'} ${name}: {from_env: ${name}}, and set it in the environment of bench`;

function environments(recipe: Recipe): [Path, Record<string, unknown>][] {
  const found: [Path, unknown][] = [
    [['command', 'env'], recipe.command?.env],
    [['service', 'env'], recipe.service?.env],
    ...Object.entries(recipe.clients ?? {}).map(([name, client]): [Path, unknown] => [['clients', name, 'env'], client.env]),
    ...Object.entries(recipe.engine?.llm ?? {}).map(([name, own]): [Path, unknown] => [
      ['engine', 'llm', name, 'extra_env'],
      (own as { extra_env?: unknown } | undefined)?.extra_env,
    ]),
  ];
  return found.flatMap(([path, env]): [Path, Record<string, unknown>][] =>
    typeof env === 'object' && env !== null ? [[path, env as Record<string, unknown>]] : [],
  );
}

/** The words of `HF_TOKEN`, `hf-token` and `hfToken` are the same. */
function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/);
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (last === 'KEY') return SECRET_KEYS.test(before);
  return SECRET_WORDS.test(last) && !(last === 'TOKEN' && TEXT_TOKENS.test(before));
}

/** The first flag of a command line that is given a secret; null: none. Words that cannot be read were refused before. */
function secretFlag(extraArgs: unknown): string | null {
  if (typeof extraArgs !== 'string') return null;
  const words = splitShellWords(extraArgs);
  for (const [i, word] of words.entries()) {
    const match = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    if (!match?.[1] || !namesSecret(match[1])) continue;
    const value = match[2] ?? words[i + 1];
    if (value !== undefined && (match[2] !== undefined || !value.startsWith('-')) && !NO_SECRET.test(value)) return `--${match[1]}`;
  }
  return null;
}

function walk(value: unknown, path: Path, visit: (path: Path, text: string) => void): void {
  if (typeof value === 'string') visit(path, value);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], visit);
}
