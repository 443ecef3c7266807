import { describe, expect, it } from 'vitest';
import { detectAllocation } from '../index.ts';
import { paperSystem } from '../testing/paper-system.ts';

type Parts = Parameters<typeof paperSystem>[0] & { hostfileAsked?: string };
const detect = ({ hostfileAsked, ...parts }: Parts) => detectAllocation(paperSystem(parts), { hostfile: hostfileAsked });

const QSTAT = [
  '',
  'server:',
  "                                                                 Req'd  Req'd   Elap",
  'Job ID                 Username  Queue  Jobname    SessID NDS TSK Memory Time  S Time  Elap',
  '---------------------- --------- ------ ---------- ------ --- --- ------ ----- - ----- ----',
  '41.server              ada       debug  one          4211   2 128    --  01:00 R 00:10 n7/0*64+n8/0*64',
  '42[3].server           ada       debug  two          4212   1  64    --  01:00 R 00:10 n9/0',
  '43.server              ada       debug  waits          --   1  64    --  01:00 Q   --  --',
].join('\n');
const qstat = { 'qstat -n -1 -w -r -u ada': QSTAT };
const SQUEUE = 'squeue --noheader --user=ada --states=RUNNING --format=%A|%N';
const SACCT = 'sacct --noheader --allocations --parsable2 --user=ada --state=RUNNING --format=JobIDRaw,NodeList';

describe('job and nodes', () => {
  it.each<[string, Parts, { jobId: string | null; nodes: string; source: Record<string, string> }]>([
    [
      'Slurm by its variables',
      { env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'a[1-2],b[3-4]' } },
      { jobId: '7', nodes: 'a1 a2 b3 b4', source: { jobId: 'SLURM_JOB_ID', nodes: 'SLURM_JOB_NODELIST' } },
    ],
    [
      'Slurm by its old variables',
      { env: { SLURM_JOBID: '7', SLURM_NODELIST: 'gpu[01-02]-ib' } },
      { jobId: '7', nodes: 'gpu01-ib gpu02-ib', source: { jobId: 'SLURM_JOBID', nodes: 'SLURM_NODELIST' } },
    ],
    [
      'Slurm without a list: scontrol, whose other node lists are not it',
      {
        env: { SLURM_JOB_ID: '7' },
        programs: { 'scontrol --oneliner show job 7': 'JobId=7 ReqNodeList=x[1-9] ExcNodeList=(null) NodeList=n[3-4] BatchHost=n3' },
      },
      { jobId: '7', nodes: 'n3 n4', source: { jobId: 'SLURM_JOB_ID', nodes: 'scontrol show job' } },
    ],
    [
      'Slurm over SSH on a node of the job: squeue',
      {
        hostname: 'n2.cluster',
        programs: { sbatch: '', [SQUEUE]: '6|m[1-2]\n7|n[1-2]\n', 'scontrol --oneliner show job 7': 'NodeList=n[1-2]' },
      },
      { jobId: '7', nodes: 'n1 n2', source: { jobId: 'squeue', nodes: 'scontrol show job' } },
    ],
    [
      'Slurm over SSH: sacct where squeue fails',
      {
        hostname: 'n2',
        programs: { sbatch: '', [SQUEUE]: { code: 1 }, [SACCT]: '7|n[1-2]\n', 'scontrol --oneliner show job 7': 'NodeList=n[1-2]' },
      },
      { jobId: '7', nodes: 'n1 n2', source: { jobId: 'sacct' } },
    ],
    [
      'a login node of Slurm',
      { hostname: 'login', programs: { sbatch: '', [SQUEUE]: '7|n[1-2]\n' } },
      { jobId: null, nodes: 'localhost', source: { nodes: 'this machine' } },
    ],
    [
      'PBS: a node for each slot in PBS_NODEFILE',
      { hostname: 'n1', env: { PBS_JOBID: '9.server.domain', PBS_NODEFILE: '/f' }, files: { '/f': 'n1.c\nn1.c\nn2.c\nn2.c\n' } },
      { jobId: '9', nodes: 'n1.c n2.c', source: { jobId: 'PBS_JOBID', nodes: 'PBS_NODEFILE', slotsPerNode: 'PBS_NODEFILE' } },
    ],
    [
      // The node file names the network for ranks, the machine itself another.
      'PBS: names of another network',
      {
        hostname: 'x3005c0s7b1n0.hostmgmt.example',
        env: { PBS_JOBID: '9.server', PBS_NODEFILE: '/f' },
        files: { '/f': 'x3005c0s7b1n0.hsn.example\n' },
      },
      { jobId: '9', nodes: 'x3005c0s7b1n0.hsn.example', source: { jobId: 'PBS_JOBID' } },
    ],
    [
      'PBS: a member of an array',
      { hostname: 'n1', env: { PBS_JOBID: '9[3].server', PBS_NODEFILE: '/f' }, files: { '/f': 'n1\n' } },
      { jobId: '9[3]', nodes: 'n1', source: {} },
    ],
    [
      // Once looked for by a part of the id, so that job 9 found the file of job 19.
      'PBS: the copy of the server, by the whole id',
      {
        hostname: 'n1',
        env: { PBS_JOBID: '9.server' },
        files: { '/var/spool/pbs/aux/19.server': 'wrong\n', '/var/spool/pbs/aux/9.server': 'n1\nn2\n' },
      },
      { jobId: '9', nodes: 'n1 n2', source: { nodes: '/var/spool/pbs/aux/9.server' } },
    ],
    [
      'PBS over SSH: qstat',
      { hostname: 'n8.cluster', programs: { qsub: '', ...qstat } },
      { jobId: '41', nodes: 'n7 n8', source: { jobId: 'qstat', nodes: 'qstat' } },
    ],
    [
      'PBS_JOBID that came along from another machine',
      { hostname: 'n9', env: { PBS_JOBID: '41.server', PBS_NODEFILE: '/f' }, files: { '/f': 'n7\nn8\n' }, programs: qstat },
      { jobId: '42[3]', nodes: 'n9', source: { jobId: 'qstat', nodes: 'qstat' } },
    ],
    [
      'PBS_JOBID on a login node',
      { hostname: 'login', env: { PBS_JOBID: '41.server' }, programs: qstat },
      { jobId: null, nodes: 'localhost', source: {} },
    ],
    [
      // Once the scheduler's own count of nodes came before it.
      'a hostfile that is asked for, before all that Slurm says',
      {
        hostfileAsked: '/mine',
        env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-4]', SLURM_NNODES: '4' },
        files: { '/mine': 'n3\nn1\n' },
      },
      { jobId: '7', nodes: 'n3 n1', source: { nodes: '--hostfile' } },
    ],
    [
      'no job, and HOSTFILE',
      { env: { HOSTFILE: '/h' }, files: { '/h': 'a\nb\n' } },
      { jobId: null, nodes: 'a b', source: { nodes: 'HOSTFILE' } },
    ],
    [
      'a job that does not tell its nodes, and HOSTFILE',
      { env: { SLURM_JOB_ID: '7', HOSTFILE: '/h' }, files: { '/h': 'a\nb\n' } },
      { jobId: '7', nodes: 'a b', source: { nodes: 'HOSTFILE' } },
    ],
    [
      'HOSTFILE beside a job that tells its nodes',
      { env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n1', HOSTFILE: '/h' }, files: { '/h': 'a\nb\n' } },
      { jobId: '7', nodes: 'n1', source: { nodes: 'SLURM_JOB_NODELIST' } },
    ],
    ['nothing', {}, { jobId: null, nodes: 'localhost', source: { nodes: 'this machine' } }],
  ])('%s', (_name, parts, { jobId, nodes, source }) => {
    const found = detect(parts);
    expect({ jobId: found.jobId, nodes: found.nodes.join(' ') }).toEqual({ jobId, nodes });
    expect(found.source).toMatchObject(source);
  });

  it.each<[string, Parts, string, string]>([
    ['a hostfile that is asked for and not there', { hostfileAsked: '/none' }, 'BENCH_HOSTFILE', 'PBS_NODEFILE'],
    ['HOSTFILE that is not there', { env: { HOSTFILE: '/none' } }, 'BENCH_HOSTFILE', '--hostfile'],
    ['a Slurm job without nodes', { env: { SLURM_JOB_ID: '7' } }, 'BENCH_NODES_UNKNOWN', '--hostfile'],
    ['a PBS job without nodes', { env: { PBS_JOBID: '9.s', PBS_NODEFILE: '/none' } }, 'BENCH_NODES_UNKNOWN', 'PBS_NODEFILE'],
  ])('%s is an error that says what to do', (_name, parts, code, hint) => {
    expect(() => detect(parts)).toThrow(expect.objectContaining({ code, hint: expect.stringContaining(hint) as string }) as Error);
  });

  it('asks a busy PBS server five times, two seconds apart', () => {
    const system = paperSystem({ hostname: 'n1', programs: { qsub: '', qstat: { code: 1, stderr: 'qstat: cannot connect to server' } } });
    const pauses: number[] = [];
    detectAllocation({ ...system, pause: (ms) => pauses.push(ms) });
    expect(system.asked.filter((line) => line.startsWith('qstat'))).toHaveLength(5);
    expect(pauses).toEqual([2_000, 2_000, 2_000, 2_000]);
  });

  it('does not ask again after a real refusal', () => {
    const system = paperSystem({ programs: { qsub: '', qstat: { code: 1, stderr: 'qstat: Unauthorized Request' } } });
    detectAllocation(system);
    expect(system.asked.filter((line) => line.startsWith('qstat'))).toHaveLength(1);
  });

  it('does not choose between two jobs that have this machine', () => {
    const found = detect({ hostname: 'n1', programs: { sbatch: '', [SQUEUE]: '7|n1\n8|n[1-2]\n' } });
    expect(found.jobId).toBeNull();
    expect(found.notes).toContain('jobs 7, 8 all have this machine: set SLURM_JOB_ID to the one to use');
  });

  it('says that a scheduler is here but no job', () => {
    expect(detect({ programs: { sbatch: '' } }).notes.join()).toContain('not inside a job');
    expect(detect({}).notes).toEqual([]);
  });

  it('takes addresses that Slurm reaches nodes by', () => {
    const found = detect({
      env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-3]' },
      programs: {
        'scontrol --oneliner show node n[1-3]':
          'NodeName=n1 Arch=x86_64 NodeAddr=10.0.0.1 NodeHostName=n1\nNodeName=n2 NodeAddr=n2 \nNodeName=n3 NodeAddr=10.0.0.3 \n',
      },
    });
    expect(found.addresses).toEqual({ n1: '10.0.0.1', n3: '10.0.0.3' });
  });
});

describe('a launch from within a step', () => {
  const job = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n1' };
  it.each([
    ['the script of a job', {}, false],
    ['srun --pty', { SLURM_STEP_ID: '3' }, true],
    // Steps of Slurm's own have numbers above 0xfffffff0 and hold nothing.
    ['the shell of salloc', { SLURM_STEP_ID: '4294967290' }, false],
  ])('%s', (_name, env, insideStep) => expect(detect({ env: { ...job, ...env } }).insideStep).toBe(insideStep));
});

describe('slots and CPUs that the job was asked for', () => {
  const job = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-2]' };
  it.each<[Record<string, string>, number | null, number | null, number?]>([
    [{ SLURM_NTASKS_PER_NODE: '4' }, 4, null],
    [{ SLURM_NTASKS: '6' }, 3, null],
    // What a job says that asked for nothing.
    [{ SLURM_NTASKS: '1' }, null, null],
    [{ SLURM_NTASKS: '2' }, null, null],
    [{ SLURM_NTASKS: '5' }, null, null],
    [{ SLURM_CPUS_PER_TASK: '12' }, null, 12],
    [{ SLURM_JOB_CPUS_PER_NODE: '8(x2),4' }, null, null, 4],
    [{ SLURM_JOB_CPUS_PER_NODE: '16' }, null, null, 16],
    [{ SLURM_JOB_CPUS_PER_NODE: 'many' }, null, null],
  ])('%j', (env, slotsPerNode, cpusPerRank, cpusPerNode: number | null = null) => {
    expect(detect({ env: { ...job, ...env } })).toMatchObject({ slotsPerNode, cpusPerRank, cpusPerNode });
  });
});
