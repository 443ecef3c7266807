import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { sshError } from './errors.ts';
import { expandHome } from './expand.ts';

/** Options by lower-case name, in the order in which they hold; the first value wins, except for lists. */
export type RawConfig = Map<string, string[]>;

export interface ConfigFileOptions {
  /** What the user typed for a host; patterns match it. */
  host: string;
  home: string;
  /** Where relative `Include`s are looked for. Default `~/.ssh`. */
  includeFolder?: string;
  /** Told about what is skipped. */
  warn: (message: string) => void;
}

/** Options that gather values instead of keeping the first. */
const LISTS = new Set(['identityfile', 'certificatefile']);
/** Options whose value is several words on one line. */
const WORDS = new Set(['userknownhostsfile', 'globalknownhostsfile']);

/**
 * Evaluates ssh_config files for one host as ssh_config(5) says, for machines without OpenSSH: Host patterns, Include, first value wins.
 * `Match` blocks other than `Match all` are skipped with a warning, and nothing in them is ever run. Missing files are no error.
 * @throws BenchError `BENCH_SSH_CONFIG` naming file and line.
 */
export async function readConfigFiles(files: readonly string[], options: ConfigFileOptions): Promise<RawConfig> {
  const config: RawConfig = new Map();
  for (const file of files) await readOne(file, { active: true }, config, options, 0);
  return config;
}

async function readOne(
  file: string,
  state: { active: boolean },
  config: RawConfig,
  options: ConfigFileOptions,
  depth: number,
): Promise<void> {
  if (depth > 16) throw sshError('CONFIG', { message: `${file}: Include goes deeper than 16 files` });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw sshError('CONFIG', { message: `${file}: cannot be read`, cause: error });
  }
  const around = state.active;
  for (const [index, line] of text.split('\n').entries()) {
    const words = wordsOf(line, `${file}:${index + 1}`);
    const [keyword, ...args] = words;
    if (keyword === undefined) continue;
    const name = keyword.toLowerCase();
    if (name === 'host') state.active = around && hostMatches(args, options.host);
    else if (name === 'match') {
      const all = args.length === 1 && args[0]?.toLowerCase() === 'all';
      if (!all)
        options.warn(`${file}:${index + 1} "Match ${args.join(' ')}" is skipped: without the ssh program only "Match all" is understood`);
      state.active = around && all;
    } else if (!state.active) continue;
    else if (name === 'include') {
      for (const pattern of args) {
        for (const path of await includedFiles(pattern, options)) await readOne(path, { active: true }, config, options, depth + 1);
      }
    } else keep(config, name, args, line);
  }
}

function keep(config: RawConfig, name: string, args: string[], line: string): void {
  if (args.length === 0) return;
  // A command is the rest of the line as it stands, quotes and all.
  const value = name === 'proxycommand' ? line.trim().replace(/^\S+?(?:\s*=\s*|\s+)/, '') : (args[0] as string);
  // The first of the two that is set rules the other out, ssh_config(5).
  if (name === 'proxycommand' && (config.get('proxyjump')?.[0] ?? 'none').toLowerCase() !== 'none') return;
  if (name === 'proxyjump' && config.has('proxycommand')) return;
  const had = config.get(name);
  if (WORDS.has(name)) {
    if (!had) config.set(name, args);
  } else if (LISTS.has(name)) {
    if (!had?.includes(value)) config.set(name, [...(had ?? []), value]);
  } else if (!had) config.set(name, [value]);
}

/** `keyword args…` or `keyword = args…`; double quotes hold spaces, `#` begins a comment. */
function wordsOf(line: string, where: string): string[] {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  const head = /^([A-Za-z0-9]+)\s*(?:=\s*|\s+|(?=")|$)/.exec(text);
  if (!head) throw sshError('CONFIG', { message: `${where} cannot be understood: ${text}` });
  const words = [head[1] as string];
  const token = /\s*(?:"([^"]*)"|'([^']*)'|(#.*)|([^\s"#][^\s"]*)|(.))/gy;
  token.lastIndex = head[0].length;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[3] !== undefined) break;
    // A proxy command may use quotes as its shell likes; it is taken whole by keep().
    if (found[5] !== undefined && words[0]?.toLowerCase() !== 'proxycommand')
      throw sshError('CONFIG', { message: `${where} has a quote without an end: ${text}` });
    words.push(found[1] ?? found[2] ?? found[4] ?? found[5] ?? '');
  }
  return words;
}

function hostMatches(patterns: readonly string[], host: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!globPattern(negated ? pattern.slice(1) : pattern).test(host)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** `*` and `?` of ssh patterns; nothing else is special. */
export function globPattern(pattern: string, flags = ''): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`);
}

/** Files that an Include names: in order of name, as glob(3) gives them. */
async function includedFiles(pattern: string, options: ConfigFileOptions): Promise<string[]> {
  const expanded = expandHome(pattern, options.home);
  const full = isAbsolute(expanded) ? expanded : resolve(options.includeFolder ?? join(options.home, '.ssh'), expanded);
  if (!/[*?]/.test(full)) return [full];
  let paths = [full.startsWith(sep) ? sep : dirname(full)];
  for (const part of full.split(sep).filter(Boolean)) {
    if (!/[*?]/.test(part)) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    const matcher = globPattern(part);
    const lists = await Promise.all(
      paths.map(async (path) => {
        const names = await readdir(path).catch(() => []);
        return names
          .filter((name) => (!name.startsWith('.') || part.startsWith('.')) && matcher.test(name))
          .map((name) => join(path, name));
      }),
    );
    paths = lists.flat().sort();
  }
  return paths;
}
