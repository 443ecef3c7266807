import type { Flavour, LauncherProgram, System } from '../types.ts';

/** What a `--version` is known by, in this order: Intel MPI calls itself Hydra, too. */
const VERSIONS: readonly { flavour: Flavour; sign: RegExp }[] = [
  { flavour: 'openmpi', sign: /\((?:Open MPI|OpenRTE|PRRTE)\)\s+(\d[\w.]*)/ },
  { flavour: 'intelmpi', sign: /Intel\(R\) MPI Library.*?[Vv]ersion (\d[\w.]*)/ },
  { flavour: 'pals', sign: /\bPALS\b\D*(\d[\w.]*)?/ },
  { flavour: 'mpich', sign: /HYDRA[^]*?Version:\s+(\d[\w.]*)/ },
  { flavour: 'srun', sign: /^slurm(?:-wlm)? (\d[\w.]*)/ },
];

/** Flags that only PALS has together. */
const PALS_FLAGS = ['--cpu-bind', '--envall', '--line-buffer'];

/** Asks a program what it is, by `--version` and then `--help`. Null: it is not there, or it is nothing known. */
export function probeLauncher(system: System, program: string): LauncherProgram | null {
  const answer = system.exec([program, '--version']);
  if (answer.code === 127) return null;
  const text = `${answer.stdout}\n${answer.stderr}`;
  for (const { flavour, sign } of VERSIONS) {
    const found = sign.exec(text.trimStart());
    if (found) return { program, flavour, version: found[1] ?? null };
  }
  const help = system.exec([program, '--help']);
  const flags = `${help.stdout}\n${help.stderr}`;
  return PALS_FLAGS.every((flag) => flags.includes(flag)) ? { program, flavour: 'pals', version: null } : null;
}
