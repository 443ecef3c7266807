import type { Flavour } from './types.ts';

/** What each launcher gives to a rank: variables for the rank, the rank on its node, and the number of all ranks where it says it. */
const GIVEN: Record<string, { rank: string; localRank: string; size: string }> = {
  // srun(1), "OUTPUT ENVIRONMENT VARIABLES". SLURM_NTASKS is of the job until srun sets it for the step.
  srun: { rank: 'SLURM_PROCID', localRank: 'SLURM_LOCALID', size: 'SLURM_STEP_NUM_TASKS' },
  // mpirun(1) of Open MPI, "Exported environment variables"; OMPI_COMM_WORLD_NODE_RANK is a rank on a node, and not of one.
  openmpi: { rank: 'OMPI_COMM_WORLD_RANK', localRank: 'OMPI_COMM_WORLD_LOCAL_RANK', size: 'OMPI_COMM_WORLD_SIZE' },
  mpich: { rank: 'PMI_RANK', localRank: 'MPI_LOCALRANKID', size: 'PMI_SIZE' },
  intelmpi: { rank: 'PMI_RANK', localRank: 'MPI_LOCALRANKID', size: 'PMI_SIZE' },
  pals: { rank: 'PALS_RANKID', localRank: 'PALS_LOCAL_RANKID', size: 'PMI_SIZE' },
  local: { rank: 'BENCH_LOCAL_RANK', localRank: 'BENCH_LOCAL_RANK', size: 'BENCH_LOCAL_SIZE' },
};

/** For launchers of plugins that do not say how: the first name that is set. */
const ANY = `r=\${PMIX_RANK:-\${PMI_RANK:-\${OMPI_COMM_WORLD_RANK:-\${PALS_RANKID:-\${SLURM_PROCID-}}}}}; \
l=\${PALS_LOCAL_RANKID:-\${PMI_LOCAL_RANK:-\${OMPI_COMM_WORLD_LOCAL_RANK:-\${MPI_LOCALRANKID:-\${SLURM_LOCALID-}}}}}; s=`;

const MISMATCH =
  'bench launch: %s. Launcher and MPI or PMI do not fit together: say what the launcher is with --mpi, or choose another with --launcher';

/** The program takes the shell's place, so that signals and exit codes are its own. */
const BECOME = 'exec "$@"';

/**
 * Hydra lets the other ranks wait for ever when one fails that does not speak PMI; it ends them all when one is ended by a signal. So the shell stays, says
 * how the program ended, since Hydra then cannot, and ends itself by a signal. Signals go to the whole group, so the program has them without it.
 */
const STAY = [
  'trap : TERM INT HUP',
  '"$@"',
  'c=$?',
  'if [ "$c" = 0 ]; then exit 0; fi',
  `printf 'bench launch: rank %s on %s ended with exit code %s\\n' "$RANK" "$(uname -n)" "$c" >&2`,
  'trap - TERM',
  'kill -TERM $$',
  'exit "$c"',
].join('; ');

/** Flavours of Hydra. */
const STAYING = ['mpich', 'intelmpi'];

/** Flavours that take a word `:` for the end of the command, wherever it stands. */
const COLON_SEPARATES = ['srun', 'openmpi', 'mpich', 'intelmpi', 'pals'];

/** Takes the mark off every word again. */
const UNMARK = 'for w; do shift; set -- "$@" "${w#=}"; done; unset w';

/**
 * POSIX `sh`, one line, a constant for each flavour: every rank runs it before its program. Its arguments are master address, master port, ranks per
 * node, ranks, then the command. It sets the variables that every framework reads (`MASTER_ADDR`, `MASTER_PORT`, `WORLD_SIZE`, `RANK`, `LOCAL_RANK`,
 * `LOCAL_WORLD_SIZE`, `NODE_RANK`) alike under every launcher, and ends with 3 and a remedy when the launcher gave no rank, or another number of ranks.
 *
 * Only the variables of the launcher that was used are read: inside a Slurm job the ranks of any `mpirun` see `SLURM_PROCID=0`. An argument and not a
 * file, since nodes need not share a folder.
 */
function rankScript(read: string, steps: readonly string[]): string {
  return [
    read,
    `if [ -z "$r" ] || [ -z "$l" ]; then printf '${MISMATCH}\\n' 'the launcher gave this process no rank' >&2; exit 3; fi`,
    `if [ -n "$s" ] && [ "$s" != "$4" ]; then printf '${MISMATCH}\\n' "the launcher started $s ranks, not $4" >&2; exit 3; fi`,
    'export MASTER_ADDR="$1" MASTER_PORT="$2" LOCAL_WORLD_SIZE="$3" WORLD_SIZE="$4" RANK="$r" LOCAL_RANK="$l" NODE_RANK="$((r / $3))"',
    'unset r l s',
    'shift 4',
    ...steps,
  ].join('; ');
}

/** What reads the rank under a flavour; `own` is a plugin's. */
function reading(flavour: Flavour, own: string | undefined): string {
  if (own !== undefined) return `${own}; r=\${RANK-}; l=\${LOCAL_RANK-}; s=`;
  const given = GIVEN[flavour];
  return given ? `r=\${${given.rank}-}; l=\${${given.localRank}-}; s=\${${given.size}-}` : ANY;
}

/** The command behind the wrapper that sets the distributed environment of each rank. `read`: a plugin's own constant that sets `RANK` and `LOCAL_RANK`. */
export function wrapForRanks(options: {
  command: readonly string[];
  flavour: Flavour;
  read?: string | undefined;
  master: { address: string; port: number };
  ranksPerNode: number;
  ranks: number;
}): string[] {
  const { command, flavour, read, master, ranksPerNode, ranks } = options;
  const marked = COLON_SEPARATES.includes(flavour) && command.includes(':');
  const script = rankScript(reading(flavour, read), [...(marked ? [UNMARK] : []), STAYING.includes(flavour) ? STAY : BECOME]);
  const words = marked ? command.map((word) => `=${word}`) : command;
  return ['sh', '-c', script, 'bench-rank', master.address, String(master.port), String(ranksPerNode), String(ranks), ...words];
}
