import type { PortWord } from './words.ts';

/** Variable by which {@link WITH_KEY} gets the key. */
export const KEY_VARIABLE = 'BENCH_KEY_ARGUMENT';
export const WITH_KEY_FILE = 'with-key.py';

/** Starts a Python module as `python3 -m` does, with a key among its arguments that only the module itself sees: no list of processes shows it. */
export const WITH_KEY = `import os
import runpy
import sys

if __name__ == '__main__':
    module, flag = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:], flag, os.environ.pop('${KEY_VARIABLE}')]
    sys.path[0] = os.getcwd()
    runpy.run_module(module, run_name='__main__', alter_sys=True)
`;

/** The command that starts a Python module with a key; null: the program is none, and its key would be an argument that all users of the node can read. */
export function withKey(program: readonly PortWord[], o: { file: string; flag: string }): PortWord[] | null {
  const [python, dash, module, ...rest] = program;
  if (!/(^|\/)python[\d.]*$/.test(python?.[0] ?? '') || dash?.[0] !== '-m' || module === undefined) return null;
  return [python as PortWord, [o.file], module, [o.flag], ...rest];
}
