import { describe, expect, it } from 'vitest';
import { localRankOf, rankOf, worldSizeOf } from '../index.ts';

describe('ranks as any launcher says them', () => {
  it.each([
    ['torchrun', { RANK: '3', LOCAL_RANK: '1', WORLD_SIZE: '4' }, [3, 1, 4]],
    ['MPICH', { PMI_RANK: '3', MPI_LOCALRANKID: '1', PMI_SIZE: '4' }, [3, 1, 4]],
    ['Open MPI', { OMPI_COMM_WORLD_RANK: '3', OMPI_COMM_WORLD_LOCAL_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' }, [3, 1, 4]],
    ['PALS', { PALS_RANKID: '3', PALS_LOCAL_RANKID: '1', PMI_SIZE: '4' }, [3, 1, 4]],
    // SLURM_LOCALID was once looked for as SLURM_LOCAL_ID.
    ['srun', { SLURM_PROCID: '3', SLURM_LOCALID: '1', SLURM_NTASKS: '4' }, [3, 1, 4]],
    ['PMIx alone', { PMIX_RANK: '3' }, [3, undefined, undefined]],
    ['nonsense', { RANK: 'x', WORLD_SIZE: '0', LOCAL_RANK: '-1' }, [undefined, undefined, undefined]],
    ['nothing', {}, [undefined, undefined, undefined]],
  ])('%s', (_name, env, values) => expect([rankOf(env)?.value, localRankOf(env)?.value, worldSizeOf(env)?.value]).toEqual(values));

  it('gives the local rank by the ranks per node where no launcher does', () => {
    expect(localRankOf({ RANK: '7' }, 4)).toEqual({ value: 3, source: 'RANK modulo ranks per node' });
    expect(localRankOf({}, 4)).toBeNull();
  });
});
