import { type MachineProfile, type MachineProfileInput, machineProfileSchema } from './profile.ts';

/** One group of cores for each of twelve GPU tiles; cores 0 and 52 of the two sockets are left to the system. */
const TWELVE_TILES = 'list:1-8:9-16:17-24:25-32:33-40:41-48:53-60:61-68:69-76:77-84:85-92:93-100';

/**
 * Variables of the site or of the batch server come first: they are the machine's own. Names of racks (`x4000c0s0b0n0`) are those of any machine of
 * the maker, so being known by one is said in a note; names that every site has (`login01`, `nid000001`) are no sign at all.
 */
const KNOWN: readonly MachineProfileInput[] = [
  {
    name: 'aurora',
    scheduler: 'pbs',
    signs: {
      env: { PBS_JOBID: String.raw`.*\.aurora-pbs-.*`, PBS_O_HOST: 'aurora-.*' },
      hostname: [String.raw`x4\d{3}c\d+s\d+b\d+n\d+(\..*)?`, String.raw`aurora-uan-\d+(\..*)?`, String.raw`.*\.aurora\.alcf\.anl\.gov`],
    },
    gpus_per_node: 12,
    mpi: 'pals',
    cpu_bind: TWELVE_TILES,
  },
  {
    name: 'sunspot',
    scheduler: 'pbs',
    signs: {
      env: { PBS_O_HOST: String.raw`.*\.sunspot\..*` },
      hostname: [String.raw`x1\d{3}c\d+s\d+b\d+n\d+(\..*)?`, String.raw`uan-\d+\.sunspot.*`, String.raw`.*\.sunspot\.alcf\.anl\.gov`],
    },
    gpus_per_node: 12,
    mpi: 'pals',
    cpu_bind: TWELVE_TILES,
  },
  {
    name: 'polaris',
    scheduler: 'pbs',
    signs: {
      env: { PBS_JOBID: String.raw`.*\.polaris-pbs-.*`, PBS_O_HOST: 'polaris-.*' },
      hostname: [String.raw`x3\d{3}c\d+s\d+b\d+n\d+(\..*)?`, String.raw`polaris-login-\d+(\..*)?`, String.raw`.*\.polaris\.alcf\.anl\.gov`],
    },
    gpus_per_node: 4,
    mpi: 'pals',
    cpu_bind: 'depth:8',
  },
  {
    name: 'sophia',
    scheduler: 'pbs',
    signs: {
      env: { PBS_JOBID: String.raw`.*\.sophia-pbs-.*`, PBS_O_HOST: 'sophia-.*' },
      hostname: [String.raw`sophia-(gpu|login)-\d+(\..*)?`],
    },
    gpus_per_node: 8,
    launcher: 'mpirun',
    mpi: 'openmpi',
  },
  {
    name: 'frontier',
    scheduler: 'slurm',
    signs: {
      env: { SLURM_CLUSTER_NAME: 'frontier', LMOD_SYSTEM_NAME: 'frontier' },
      hostname: [String.raw`frontier\d+(\..*)?`, String.raw`login\d+\.frontier\.olcf\.ornl\.gov`],
    },
    gpus_per_node: 8,
  },
  {
    name: 'perlmutter',
    scheduler: 'slurm',
    signs: { env: { NERSC_HOST: 'perlmutter', SLURM_CLUSTER_NAME: 'perlmutter' }, hostname: [String.raw`.*\.perlmutter\.nersc\.gov`] },
    gpus_per_node: 4,
  },
];

/** The machines that this package knows. */
export const MACHINES: readonly MachineProfile[] = KNOWN.map((profile) => machineProfileSchema.parse(profile));
