import { join } from 'node:path';

/** `~` and `~/…` to the home folder. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Values of the `%` tokens of ssh_config(5), TOKENS. */
export interface Tokens {
  /** Home folder. */
  d: string;
  /** Host name as connected to. */
  h: string;
  /** Host as typed. */
  n: string;
  /** Port. */
  p: string;
  /** User on the far side. */
  r: string;
  /** User here. */
  u: string;
  /** User id here. */
  i: string;
  /** HostKeyAlias, or the host as typed. */
  k: string;
  /** Jump host, or nothing. */
  j: string;
  /** This machine's name, whole and up to the first dot. */
  l: string;
  L: string;
}

/** `%h` and the like; `%%` is one `%`; unknown ones stay as they are. */
export function expandTokens(text: string, tokens: Tokens): string {
  return text.replaceAll(/%(.)/gs, (all: string, letter: string) => (letter === '%' ? '%' : (tokens[letter as keyof Tokens] ?? all)));
}
