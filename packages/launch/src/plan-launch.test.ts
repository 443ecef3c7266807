import { describe, expect, it } from 'vitest';
import { detectAllocation, launchContext, planLaunch, type LaunchPlan, type LaunchRequest, type SchedulerPlugin } from './index.ts';
import { paperSystem } from './testing/paper-system.ts';

type Parts = Parameters<typeof paperSystem>[0] & { root?: boolean; plugins?: SchedulerPlugin[] };

const OPENMPI = 'mpirun (Open MPI) 4.1.4\n';
const OPENMPI5 = 'mpirun (Open MPI) 5.0.3\n';
const MPICH = 'HYDRA build details:\n    Version:                                 4.0.2\n';
const PALS = 'Usage: mpiexec [OPTIONS]\n --envall\n --line-buffer\n --cpu-bind=LIST\n';

function plan(parts: Parts, asked: Partial<LaunchRequest> = {}): LaunchPlan {
  const system = { ...paperSystem(parts), uid: parts.root ? 0 : 1000 };
  const request: LaunchRequest = { command: ['app', '--lr', '1e-4'], ...asked };
  const { plugins } = parts;
  const allocation = detectAllocation(system, { hostfile: request.hostfile, plugins });
  return planLaunch(
    request,
    allocation,
    launchContext(system, { id: 'l1', folder: '/tmp/l1', request, allocation, plugins, node: 'node' }),
  );
}

/** The launch line up to the wrapper, and the command behind it. */
function line({ argv }: LaunchPlan): string {
  const at = argv.indexOf('sh');
  expect(argv.slice(at, at + 2)).toEqual(['sh', '-c']);
  expect(argv[at + 3]).toBe('bench-rank');
  return [...argv.slice(0, at), '…', ...argv.slice(at + 8)].join(' ');
}

const slurm = (env: Record<string, string> = {}): Parts => ({
  env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-4]', ...env },
  programs: { srun: '' },
});
const pbs = (hostname: string, program: string, version: string): Parts => ({
  hostname,
  env: { PBS_JOBID: '9.server', PBS_NODEFILE: '/nodes', PATH: '/bin', LD_LIBRARY_PATH: '/lib', HOME: '/home/ada' },
  files: { '/nodes': `${hostname}\nother\n` },
  programs: version === PALS ? { [`${program} --help`]: version } : { [`${program} --version`]: version },
});
const SRUN = 'srun --unbuffered --export=ALL --kill-on-bad-exit=1';
const TILES = 'list:1-8:9-16:17-24:25-32:33-40:41-48:53-60:61-68:69-76:77-84:85-92:93-100';

describe('launch lines', () => {
  it.each<[string, Parts, Partial<LaunchRequest>, string]>([
    ['Slurm', slurm(), {}, `${SRUN} --nodes=4 --ntasks=4 --ntasks-per-node=1 --distribution=block … app --lr 1e-4`],
    [
      'Slurm with GPUs and CPUs',
      slurm({ SLURM_GPUS_PER_NODE: 'a100:4', SLURM_CPUS_PER_TASK: '8' }),
      { label: true, cpuBind: 'cores', passThrough: ['--mpi=pmix'] },
      `${SRUN} --nodes=4 --ntasks=16 --ntasks-per-node=4 --distribution=block --cpus-per-task=8 --cpu-bind=cores --label --mpi=pmix … app --lr 1e-4`,
    ],
    [
      'Slurm, on a node of a job that one came to by SSH',
      {
        hostname: 'n2',
        programs: { sbatch: '', srun: '', squeue: '7|n[1-2]\n', 'scontrol --oneliner show job 7': 'NodeList=n[1-2]' },
      },
      {},
      `${SRUN} --jobid=7 --nodes=2 --ntasks=2 --ntasks-per-node=1 --distribution=block … app --lr 1e-4`,
    ],
    [
      'Slurm, from within a step',
      slurm({ SLURM_STEP_ID: '0' }),
      {},
      `${SRUN} --overlap --nodes=4 --ntasks=4 --ntasks-per-node=1 --distribution=block … app --lr 1e-4`,
    ],
    [
      // srun refuses a second rank on one CPU otherwise.
      'Slurm with fewer CPUs than ranks',
      slurm({ SLURM_GPUS_ON_NODE: '2', SLURM_JOB_CPUS_PER_NODE: '1(x4)' }),
      {},
      `${SRUN} --nodes=4 --ntasks=8 --ntasks-per-node=2 --distribution=block --overcommit … app --lr 1e-4`,
    ],
    [
      // A step has the GPUs of its job by itself; asking would be refused where nodes have different numbers.
      'Slurm with GPUs that it does not know of',
      { ...slurm(), programs: { srun: '', 'nvidia-smi -L': 'GPU 0: x\n' } },
      {},
      `${SRUN} --nodes=4 --ntasks=4 --ntasks-per-node=1 --distribution=block … app --lr 1e-4`,
    ],
    [
      'Frontier',
      { ...slurm(), hostname: 'frontier00001' },
      {},
      `${SRUN} --nodes=4 --ntasks=32 --ntasks-per-node=8 --distribution=block --gpus-per-node=8 … app --lr 1e-4`,
    ],
    [
      // Once srun was given no nodes, so that spare nodes took nobody's place.
      'Slurm with chosen nodes',
      slurm(),
      { nodeNames: ['n2', 'n3', 'n4'] },
      `${SRUN} --nodes=3 --ntasks=3 --ntasks-per-node=1 --distribution=block --nodelist=n[2-4] … app --lr 1e-4`,
    ],
    [
      'Slurm with fewer nodes',
      slurm(),
      { nodes: 2 },
      `${SRUN} --nodes=2 --ntasks=2 --ntasks-per-node=1 --distribution=block --nodelist=n[1-2] … app --lr 1e-4`,
    ],
    [
      'Slurm with nodes in another order',
      slurm(),
      { nodeNames: ['n3', 'n1'], ranksPerNode: 2 },
      `${SRUN} --nodes=2 --ntasks=4 --distribution=arbitrary … app --lr 1e-4`,
    ],
    [
      'PBS with PALS',
      pbs('box', 'mpiexec', PALS),
      { ranksPerNode: 4 },
      'mpiexec --envall --line-buffer --np=8 --ppn=4 --hostfile=/tmp/l1/hostfile --cpu-bind=depth --depth=8 … app --lr 1e-4',
    ],
    [
      'Aurora',
      pbs('x4117c6s5b0n0', 'mpiexec', PALS),
      {},
      `mpiexec --envall --line-buffer --np=24 --ppn=12 --hostfile=/tmp/l1/hostfile --cpu-bind=${TILES} … app --lr 1e-4`,
    ],
    [
      'Aurora, bound otherwise',
      pbs('x4117c6s5b0n0', 'mpiexec', PALS),
      { cpuBind: 'depth:16', label: true },
      'mpiexec --envall --line-buffer --np=24 --ppn=12 --hostfile=/tmp/l1/hostfile --cpu-bind=depth --depth=16 --label … app --lr 1e-4',
    ],
    [
      'Polaris',
      pbs('x3005c0s7b1n0', 'mpiexec', PALS),
      {},
      'mpiexec --envall --line-buffer --np=8 --ppn=4 --hostfile=/tmp/l1/hostfile --cpu-bind=depth --depth=8 … app --lr 1e-4',
    ],
    [
      'Sophia',
      pbs('sophia-gpu-08', 'mpirun', OPENMPI),
      {},
      'mpirun -np 16 --hostfile /tmp/l1/hostfile --map-by ppr:8:node -x BENCH_LAUNCH_ID -x LD_LIBRARY_PATH -x PATH -x PYTHONUNBUFFERED … app --lr 1e-4',
    ],
    [
      'no job, Open MPI',
      { env: { PATH: '/bin', NCCL_DEBUG: 'INFO', SECRET_TOKEN: 'x' }, programs: { mpirun: OPENMPI } },
      { ranks: 4, env: { MODE: 'fast' } },
      'mpirun -np 4 --hostfile /tmp/l1/hostfile --map-by ppr:4:node -x BENCH_LAUNCH_ID -x MODE -x NCCL_DEBUG -x PATH -x PYTHONUNBUFFERED … app --lr 1e-4',
    ],
    [
      'no job, Open MPI as root, labelled, bound',
      { root: true, programs: { mpirun: OPENMPI } },
      { label: true, cpuBind: 'core' },
      'mpirun --allow-run-as-root -np 2 --hostfile /tmp/l1/hostfile --map-by ppr:2:node -x BENCH_LAUNCH_ID -x PYTHONUNBUFFERED --bind-to core --tag-output … app --lr 1e-4',
    ],
    [
      'no job, Open MPI 5, labelled',
      { programs: { mpirun: OPENMPI5 } },
      { label: true },
      'mpirun -np 2 --hostfile /tmp/l1/hostfile --map-by ppr:2:node -x BENCH_LAUNCH_ID -x PYTHONUNBUFFERED --output tag … app --lr 1e-4',
    ],
    [
      'no job, MPICH',
      { programs: { 'mpiexec.hydra': MPICH } },
      { label: true, cpuBind: 'core' },
      'mpiexec.hydra -genvall -n 2 -ppn 2 -f /tmp/l1/hostfile -bind-to core -prepend-rank … app --lr 1e-4',
    ],
    [
      'MPICH, because it is asked for',
      { programs: { mpirun: OPENMPI, mpiexec: OPENMPI, 'mpiexec.hydra': MPICH } },
      { mpi: 'mpich' },
      'mpiexec.hydra -genvall -n 2 -ppn 2 -f /tmp/l1/hostfile … app --lr 1e-4',
    ],
    [
      'Open MPI in a Slurm job, because it is asked for',
      { ...slurm(), programs: { srun: '', mpirun: OPENMPI } },
      { launcher: 'mpirun' },
      'mpirun -np 4 --hostfile /tmp/l1/hostfile --map-by ppr:1:node -x BENCH_LAUNCH_ID -x PYTHONUNBUFFERED … app --lr 1e-4',
    ],
  ])('%s', (_name, parts, asked, expected) => expect(line(plan(parts, asked))).toBe(expected));

  it('starts ranks by itself where there is no MPI', () => {
    const { argv, files } = plan({}, { ranks: 3, label: true });
    expect(argv[0]).toBe('node');
    expect(argv[1]).toMatch(/local-ranks\.mjs$/);
    expect(argv.slice(2, 5)).toEqual(['--label', '3', 'sh']);
    expect(files).toEqual([]);
  });

  it("takes a plugin's line", () => {
    const flux: SchedulerPlugin = {
      name: 'flux',
      detect: () => true,
      job: () => ({ jobId: 'f1', source: 'FLUX_JOB_ID' }),
      nodes: () => ['t1', 't2'],
      rankScript: 'RANK=$FLUX_TASK_RANK; LOCAL_RANK=$FLUX_TASK_LOCAL_ID',
      launchLine: ({ topology, command }) => ['flux', 'run', `-n${topology.ranks}`, ...command],
    };
    const made = plan({ plugins: [flux] }, { ranksPerNode: 3 });
    expect(line(made)).toBe('flux run -n6 … app --lr 1e-4');
    expect(made.argv.join(' ')).toContain('RANK=$FLUX_TASK_RANK');
  });
});

describe('files', () => {
  it.each<[string, Parts, Partial<LaunchRequest>, string]>([
    ['Open MPI', { ...pbs('n1', 'mpiexec', OPENMPI) }, { ranksPerNode: 2 }, 'n1 slots=2\nother slots=2\n'],
    ['MPICH', { ...pbs('n1', 'mpiexec', MPICH) }, { ranksPerNode: 2, mpi: 'mpich' }, 'n1:2\nother:2\n'],
    ['PALS', { ...pbs('n1', 'mpiexec', PALS) }, { ranksPerNode: 2 }, 'n1\nother\n'],
    ['srun with an order', slurm(), { nodeNames: ['n3', 'n1'], ranksPerNode: 2 }, 'n3\nn3\nn1\nn1\n'],
  ])('%s', (_name, parts, asked, content) => {
    // In the folder that is given, and never in the working folder.
    expect(plan(parts, asked).files).toEqual([{ path: '/tmp/l1/hostfile', content, mode: 0o644 }]);
  });

  it('srun keeps the order of a hostfile', () => {
    const made = plan({ ...slurm({ SLURM_NNODES: '4', SLURM_JOB_NUM_NODES: '4' }), files: { '/mine': 'n4\nn2\n' } }, { hostfile: '/mine' });
    // The file says how many nodes there are, whatever the job has.
    expect(made.argv).toEqual(expect.arrayContaining(['--nodes=2', '--ntasks=2']));
    expect(made.env.SLURM_HOSTFILE).toBe('/tmp/l1/hostfile');
    expect(made.files[0]?.content).toBe('n4\nn2\n');
    expect(made.argv).toContain('--distribution=arbitrary');
    expect(made.master.address).toBe('n4');
    // It never goes beside --nodelist, which would win.
    expect(made.argv.join(' ')).not.toContain('--nodelist');
  });

  it('srun needs none for its own nodes', () => {
    expect(plan(slurm()).files).toEqual([]);
    expect(plan(slurm()).env.SLURM_HOSTFILE).toBeUndefined();
  });
});

describe('the plan', () => {
  it('puts the master on the node of rank 0, by the address that reaches it', () => {
    const scontrol = { 'scontrol --oneliner show node n[1-4]': 'NodeName=n1 NodeAddr=10.0.0.1\nNodeName=n2 NodeAddr=10.0.0.2\n' };
    const parts = { ...slurm(), programs: { srun: '', ...scontrol } };
    expect(plan(parts).master.address).toBe('10.0.0.1');
    expect(plan(parts, { nodeNames: ['n2', 'n3'] }).master.address).toBe('10.0.0.2');
    expect(plan(parts, { nodeNames: ['n3', 'n4'] }).master.address).toBe('n3');
    expect(plan(parts, { nodes: 1 }).master.address).toBe('127.0.0.1');
  });

  it.each<[string, string, string, string[]]>([
    ['Open MPI, on a node that is not the first', OPENMPI, 'b', ['b', 'a', 'c']],
    ['Open MPI, on the first', OPENMPI, 'a', ['a', 'b', 'c']],
    ['Open MPI, on none of them', OPENMPI5, 'login', ['a', 'b', 'c']],
    ['MPICH, which keeps to the order', MPICH, 'b', ['a', 'b', 'c']],
  ])('has rank 0 where the launcher puts it: %s', (_name, version, hostname, nodes) => {
    const made = plan(
      { hostname, files: { '/h': 'a\nb\nc\n' }, programs: { 'mpirun --version': version, 'mpiexec --version': version } },
      { hostfile: '/h', ranksPerNode: 1, mpi: version === MPICH ? 'mpich' : 'openmpi' },
    );
    expect([made.nodes, made.master.address]).toEqual([nodes, nodes[0]]);
    expect(made.files[0]?.content.match(/^\w+/gm)).toEqual(nodes);
    expect(made.notes.filter((note) => note.includes('rank 0'))).toEqual(
      nodes[0] === 'b' ? ['rank 0 is on b: Open MPI counts from the node that it is started on'] : [],
    );
  });

  it('takes a port that a launch keeps and others do not share', () => {
    const { master } = plan(slurm());
    expect(master.port).toBe(plan(slurm()).master.port);
    expect(master.port).toBeGreaterThanOrEqual(20_000);
    expect(master.port).toBeLessThan(30_000);
    expect(plan(slurm(), { masterPort: 5_000 }).master.port).toBe(5_000);
  });

  it('keeps values of variables out of the arguments', () => {
    const made = plan({ programs: { mpirun: OPENMPI } }, { env: { API_TOKEN: 'very-secret' } });
    expect(made.argv.join(' ')).not.toContain('very-secret');
    expect(made.env).toEqual({ PYTHONUNBUFFERED: '1', API_TOKEN: 'very-secret', BENCH_LAUNCH_ID: 'l1' });
  });

  it('keeps the mark by which its processes are found', () => {
    expect(plan({}, { env: { BENCH_LAUNCH_ID: 'other', PYTHONUNBUFFERED: '0' } }).env).toEqual({
      BENCH_LAUNCH_ID: 'l1',
      PYTHONUNBUFFERED: '0',
    });
  });

  it('passes the command on word by word', () => {
    const command = ['app', 'a b', '', '$HOME', "it's", 'x\ny', '-n', '--'];
    expect(plan(slurm(), { command }).argv.slice(-command.length)).toEqual(command);
  });

  it('binds CPUs by --cpu-bind, CPU_BIND, then the profile', () => {
    const aurora = pbs('x4117c6s5b0n0', 'mpiexec', PALS);
    const withVariable = { ...aurora, env: { ...aurora.env, CPU_BIND: '--cpu-bind=depth:4' } };
    expect(plan(aurora).argv).toContain(`--cpu-bind=${TILES}`);
    expect(plan(withVariable).argv).toContain('--depth=4');
    expect(plan(withVariable, { cpuBind: 'none' }).argv).toContain('--cpu-bind=none');
    // Words of PALS would be refused by another launcher.
    expect(plan({ ...aurora, programs: { mpiexec: OPENMPI } }, { mpi: 'openmpi' }).argv.join(' ')).not.toContain('list:');
  });

  it.each<[string, Parts, Partial<LaunchRequest>, object]>([
    ['no command', {}, { command: [] }, { code: 'BENCH_USAGE', exitCode: 2 }],
    ['a node of somebody else', slurm(), { nodeNames: ['n9'] }, { code: 'BENCH_USAGE', message: 'node n9 is not in this allocation' }],
    ['srun that is not there', { ...slurm(), programs: {} }, {}, { code: 'BENCH_NO_LAUNCHER', exitCode: 3 }],
    ['a program that is not there', {}, { launcher: 'mpiexec.mine' }, { code: 'BENCH_NO_LAUNCHER' }],
    ['an MPI that is not there', { programs: { mpirun: OPENMPI } }, { mpi: 'mpich' }, { code: 'BENCH_NO_LAUNCHER' }],
    ['a program that does not say what it is', { programs: { mpirun: 'v1' } }, { launcher: 'mpirun' }, { code: 'BENCH_UNKNOWN_MPI' }],
    ['a dialect that nobody speaks', { programs: { mpirun: 'v1' } }, { launcher: 'mpirun', mpi: 'lam' }, { code: 'BENCH_UNKNOWN_MPI' }],
    ['other machines without MPI', { files: { '/h': 'here\nthere\n' } }, { hostfile: '/h' }, { code: 'BENCH_NO_MPI', exitCode: 3 }],
    ['a binding that Open MPI does not have', { programs: { mpirun: OPENMPI } }, { cpuBind: 'list:1:2' }, { code: 'BENCH_CPU_BIND' }],
    ['flags for a launcher that is none', {}, { passThrough: ['--tag'] }, { code: 'BENCH_LAUNCHER_FLAGS' }],
  ])('refuses %s', (_name, parts, asked, error) => expect(() => plan(parts, asked)).toThrow(expect.objectContaining(error) as Error));

  it('says what a person should know', () => {
    expect(plan({ ...slurm({ SLURM_GPUS_ON_NODE: '4' }) }, { nodes: 2, ranksPerNode: 1 }).notes).toEqual([
      '2 of 4 nodes used',
      '1 of 4 GPUs of each node get a rank',
    ]);
    expect(plan(slurm({ SLURM_JOB_CPUS_PER_NODE: '1(x4)' }), { ranksPerNode: 3 }).notes).toEqual([
      '3 ranks on a node have 1 CPU between them: ask for more with --cpus-per-task',
    ]);
    expect(plan({ root: true, programs: { mpirun: OPENMPI } }).notes).toContain('Open MPI is told to run as root');
  });
});
