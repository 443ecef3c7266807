import { BenchError } from '@bench/core';
import { noCommand } from '../host-errors.ts';
import { quote } from '../quote.ts';

/**
 * What runs under the login shell's line: makes sure that it leads a process group (OpenSSH's server sees to that, others may not), reads
 * one line from stdin and runs it. `read` takes byte after byte, so what follows on stdin is the command's.
 */
const READER = [
  '_b=$1',
  'kill -s 0 -- -$$ 2>/dev/null || { command -v setsid >/dev/null && exec setsid sh -c "$_b" sh "$_b"; }',
  'IFS= read -r _p && eval "$_p"',
].join('; ');

/**
 * The one line that ever reaches a login shell. It means the same to sh, bash, dash, zsh, ksh, tcsh and fish: no quote, `!`, newline or
 * escape inside the quotes, and nothing outside them that differs.
 */
export const LINE = `exec sh -c 'eval "$1"' sh '${READER}'`;

export interface ProgramSpec {
  argv: readonly [string, ...string[]];
  cwd?: string | undefined;
  env?: Readonly<Record<string, string>> | undefined;
  /** Does the rest of the channel's stdin belong to the command? Otherwise it reads nothing. */
  stdin: boolean;
  /** Opens every line that is meant for us. */
  nonce: string;
}

/**
 * One line of POSIX `sh`, every datum in it quoted. It writes `NONCE WORD` to stdout before anything of the command: `cwd` or `command`
 * when there is no such folder or program, otherwise the process id; and `NONCE` to stderr.
 */
export function programOf(spec: ProgramSpec): string {
  const { nonce } = spec;
  const [file, ...args] = spec.argv;
  if (file.startsWith('-') || file === '') throw noCommand(file, spec.cwd);
  const steps: string[] = [];
  for (const [name, value] of Object.entries(spec.env ?? {})) steps.push(`export ${variable(name)}=${quote(value)}`);
  if (spec.cwd !== undefined) {
    // A path without a slash in front would be looked up in CDPATH, and "-" is the folder before.
    const folder = /^[/.]/.test(spec.cwd) ? spec.cwd : `./${spec.cwd}`;
    steps.push(`cd ${quote(folder)} 2>/dev/null || { echo ${nonce} cwd; exit 127; }`);
  }
  const isThere = file.includes('/') ? `{ test -f ${quote(file)} && test -x ${quote(file)}; }` : `command -v ${quote(file)} >/dev/null`;
  steps.push(`${isThere} || { echo ${nonce} command; exit 127; }`, `echo ${nonce} $$`, `echo ${nonce} >&2`);
  steps.push(`exec ${[file, ...args].map(quote).join(' ')}${spec.stdin ? '' : ' </dev/null'}`);
  const program = steps.join('; ');
  // Inside single quotes is the only place where a newline can be: closed, a variable, opened again.
  return program.includes('\n') ? `_n=$(printf "\\012."); _n=\${_n%.}; ${program.replaceAll('\n', `'"$_n"'`)}` : program;
}

function variable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new BenchError({ code: 'BENCH_UNSAFE_VALUE', message: `"${name}" cannot be the name of an environment variable`, exitCode: 2 });
}
