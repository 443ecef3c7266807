import type { ProgramAnswer, System } from '../types.ts';

/** A {@link System} on paper. `programs`: what a command line (words joined by spaces) or a program answers; programs that are not named are not there. */
export function paperSystem(
  parts: {
    env?: Record<string, string>;
    hostname?: string;
    files?: Record<string, string>;
    programs?: Record<string, string | Partial<ProgramAnswer>>;
  } = {},
): System & { asked: string[] } {
  const { env = {}, hostname = 'here', files = {}, programs = {} } = parts;
  const asked: string[] = [];
  const has = (program: string) => Object.keys(programs).some((line) => line.split(' ')[0] === program);
  return {
    env,
    hostname,
    user: 'ada',
    uid: 1000,
    files: (path) => files[path] ?? null,
    exec: (argv) => {
      const line = argv.join(' ');
      asked.push(line);
      if (argv[0] === 'sh') return { code: has(argv.at(-1) ?? '') ? 0 : 127, stdout: '', stderr: '' };
      const answer = programs[line] ?? programs[argv[0]];
      if (answer === undefined) return { code: has(argv[0]) ? 1 : 127, stdout: '', stderr: '' };
      return { code: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) };
    },
    asked,
  };
}
