import type { Command } from '@bench/core';

/**
 * Starts a login shell, so that PATH and `module` are as they are for who logs in; its start files get no stdin, since the script for sbatch is
 * on it. bash where there is one: what the profile of a cluster defines is made for it.
 */
const OUTER = String.raw`
shell=$(command -v bash 2>/dev/null) || shell=sh
exec "$shell" -l -c "$0" bench "$@" 3<&0 </dev/null
`;

/**
 * What the login shell runs: `$1` marks begin and end of what the command writes, `$2` is the folder that it is run in (made when it is not there;
 * empty: where the shell is), the rest the command. Variables that narrow or shape what Slurm's tools print are not the user's here; times are UTC,
 * but for sbatch, whose options may hold local ones.
 */
const INNER = String.raw`
mark=$1
dir=$2
shift 2
printf '\n%s\n' "$mark"
printf '\n%s\n' "$mark" >&2
finish() {
  printf '\n%s %s\n' "$mark" "$1"
  printf '\n%s %s\n' "$mark" "$1" >&2
  exit 0
}
for name in ACCOUNT ALL ARRAY CLUSTERS_ONLY EXPAND_FORMAT FEDERATION FORMAT FORMAT2 LICENSES LOCAL NAMES NODELIST PARTITION PRIORITY QOS SIBLING SORT STATES USERS; do
  unset "SQUEUE_$name" || :
done
unset SLURM_TIME_FORMAT SLURM_JSON SLURM_YAML SACCT_FORMAT SACCT_LOCAL SINFO_ALL SINFO_FORMAT SINFO_PARTITION SINFO_SORT SCANCEL_ACCOUNT SCANCEL_BATCH \
  SCANCEL_INTERACTIVE SCANCEL_NAME SCANCEL_PARTITION SCANCEL_QOS SCANCEL_STATE SCANCEL_USER SCANCEL_VERBOSE SCANCEL_WCKEY SCANCEL_HURRY SBATCH_WAIT SBATCH_TEST_ONLY || :
case $dir in
'~') dir=$HOME ;;
'~/'*) dir=$HOME/${'${dir#??}'} ;;
esac
if [ -n "$dir" ]; then
  mkdir -p -- "$dir" && cd -- "$dir" || finish 73
fi
if [ "$1" = srun ]; then
  # Who logs in to an allocation has its job in his environment, and srun takes its options from there.
  for name in $(env | sed -n 's/^\(SLURM_[A-Za-z0-9_]*\)=.*/\1/p'); do
    [ "$name" = SLURM_CONF ] || unset "$name" || :
  done
fi
if [ "$1" != sbatch ]; then
  TZ=UTC
  export TZ
fi
command -v "$1" >/dev/null || finish 127
"$@" <&3 3<&- && finish 0
finish "$?"
`;

export interface LoginCommand {
  /** The program and its arguments. */
  argv: readonly [string, ...string[]];
  stdin?: string;
  /** Folder; `~/` is the home folder there. Made when it is not there. Default: the login folder. */
  folder?: string;
}

/** The code with which a folder that cannot be made is told: EX_CANTCREAT of sysexits(3). */
export const NO_FOLDER = 73;
/** The code of a program that is not there, as shells have it. */
export const NO_PROGRAM = 127;

/** The command for a host, with `mark` around what it writes. */
export function loginCommand({ argv, stdin = '', folder = '' }: LoginCommand, mark: string): Command {
  return { argv: ['sh', '-c', OUTER, INNER, mark, folder, ...argv], stdin };
}

/** What {@link loginCommand} was made of; null: the command is another one. For fakes of a login host. */
export function readLoginCommand(command: Command): (Required<LoginCommand> & { mark: string }) | null {
  if (!('argv' in command)) return null;
  const [sh, c, outer, inner, mark, folder, program, ...args] = command.argv;
  if (sh !== 'sh' || c !== '-c' || outer !== OUTER || inner !== INNER) return null;
  if (mark === undefined || folder === undefined || program === undefined) return null;
  return { argv: [program, ...args], stdin: String(command.stdin ?? ''), folder, mark };
}

/** What stands between the marks of one stream; null: it did not begin. `code` null: it did not come to its end. */
export function betweenMarks(text: string, mark: string): { text: string; code: number | null } | null {
  const began = text.indexOf(`\n${mark}\n`);
  if (began === -1) return null;
  const from = began + mark.length + 2;
  const ended = text.lastIndexOf(`\n${mark} `);
  if (ended < from - 1) return { text: text.slice(from), code: null };
  const code = /^\d+/.exec(text.slice(ended + mark.length + 2))?.[0];
  return { text: text.slice(from, Math.max(from, ended)), code: code === undefined ? null : Number(code) };
}
