/** A number from the environment, and the variable that it was read from. */
export interface RankFact {
  value: number;
  source: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const WORLD_SIZE = ['WORLD_SIZE', 'PMI_SIZE', 'OMPI_COMM_WORLD_SIZE', 'PALS_SIZE', 'SLURM_NTASKS'];
const RANK = ['RANK', 'PMI_RANK', 'OMPI_COMM_WORLD_RANK', 'PMIX_RANK', 'PALS_RANKID', 'SLURM_PROCID'];
const LOCAL_RANK = [
  'LOCAL_RANK',
  'PALS_LOCAL_RANKID',
  'PMIX_LOCAL_RANK',
  'PMI_LOCAL_RANK',
  'OMPI_COMM_WORLD_LOCAL_RANK',
  'MPI_LOCALRANKID',
  'MPICH_LOCALRANKID',
  // Written so by Slurm, without another underscore.
  'SLURM_LOCALID',
];

/** How many ranks there are, as any launcher says it; null: none says. */
export const worldSizeOf = (env: Env): RankFact | null => first(env, WORLD_SIZE, 1);

/** The rank that this process is, as any launcher says it; null: none says. */
export const rankOf = (env: Env): RankFact | null => first(env, RANK, 0);

/** The rank on its node; from the rank and `ranksPerNode` when no launcher says it; null when that is unknown too. */
export function localRankOf(env: Env, ranksPerNode?: number): RankFact | null {
  const found = first(env, LOCAL_RANK, 0);
  if (found || ranksPerNode === undefined) return found;
  const rank = rankOf(env);
  return rank && { value: rank.value % ranksPerNode, source: `${rank.source} modulo ranks per node` };
}

function first(env: Env, names: readonly string[], least: number): RankFact | null {
  for (const source of names) {
    const text = env[source];
    if (text !== undefined && /^\d{1,9}$/.test(text) && Number(text) >= least) return { value: Number(text), source };
  }
  return null;
}
