import { describe, expect, it } from 'vitest';
import { badNodes } from './bad-nodes.ts';
import { type Attempt, classify, trueCode } from './classify.ts';
import { logReader } from './log-facts.ts';
import { BAD_NODE_RULES } from './scrape-rules.ts';

const nodes = ['gpu0', 'gpu1', 'x1001c0s0b0n0.hostmgmt.cm.example'];
const resolve = (address: string) => ({ '10.0.0.2': 'gpu1.cluster' })[address] ?? null;

function attempt(code: number, lines: readonly string[]): Attempt {
  const log = logReader({ rules: BAD_NODE_RULES });
  for (const line of lines) log.push(line);
  const facts = log.facts();
  return { code, facts, bad: badNodes(facts.suspects, { nodes, resolve }) };
}

const STEP = 'step=10 loss=2.1';

describe('classify', () => {
  it.each<{ name: string; code: number; lines?: string[]; before?: Attempt; kind: string; bad?: string[] }>([
    { name: 'success', code: 0, kind: 'success' },
    { name: 'success, whatever else it wrote', code: 0, lines: ['EOFError: handled', 'Execution finished with 0'], kind: 'success' },
    {
      name: 'walltime: all ranks were ended by TERM',
      code: 143,
      lines: ['rank 3 died from signal 15', 'rank 4 died from signal 15'],
      kind: 'walltime',
    },
    { name: 'walltime: innocents dumped core', code: 143, lines: ['rank 3 died from signal 11'], kind: 'walltime' },
    { name: '143 after a crash is none', code: 143, lines: ['rank 2 exited with code 1', 'rank 3 died from signal 15'], kind: 'blind' },
    { name: 'a rank that was killed is a crash', code: 143, lines: ['rank 2 died from signal 9'], kind: 'blind' },
    {
      name: 'a rank that failed, as its wrapper says',
      code: 143,
      lines: ['bench launch: rank 1 on gpu1 ended with exit code 1'],
      kind: 'blind',
    },
    {
      name: 'a rank that was ended, as its wrapper says',
      code: 143,
      lines: ['bench launch: rank 1 on gpu1 ended with exit code 143'],
      kind: 'walltime',
    },
    {
      name: 'the end of the time, as Slurm says',
      code: 1,
      lines: ['slurmstepd: error: *** STEP 7.0 ON gpu0 CANCELLED AT 2026-01-02T03:04:05 DUE TO TIME LIMIT ***', 'EOFError'],
      kind: 'walltime',
    },
    {
      name: 'the end of the time, as PBS says',
      code: 137,
      lines: ['=>> PBS: job killed: walltime 3612 exceeded limit 3600'],
      kind: 'walltime',
    },
    { name: 'silence', code: 124, lines: [STEP], kind: 'blind' },
    { name: 'the user', code: 130, lines: ['EOFError'], kind: 'interrupted' },
    {
      name: 'a lying 0, in colour',
      code: 0,
      lines: ['\u001B[1;31mExecution finished with \u001B[0m\u001B[33m127\u001B[0m'],
      kind: 'blind',
    },
    { name: 'the last word counts', code: 0, lines: ['Execution finished with 1', 'Execution finished with 0'], kind: 'success' },
    { name: 'no progress, the first time', code: 1, kind: 'blind' },
    { name: 'no progress, twice', code: 1, before: attempt(1, []), kind: 'stuck_pre_training' },
    { name: 'no progress after some', code: 1, before: attempt(1, [STEP]), kind: 'blind' },
    { name: 'progress after none', code: 1, lines: [STEP], before: attempt(1, []), kind: 'blind' },
    { name: 'silence without progress twice', code: 124, before: attempt(124, []), kind: 'stuck_pre_training' },
    { name: 'a named node', code: 1, lines: ['srun: error: Node failure on gpu1'], kind: 'known', bad: ['gpu1'] },
    {
      name: 'a named node, though nothing moved twice',
      code: 1,
      lines: ['srun: error: Node failure on gpu1'],
      before: attempt(1, []),
      kind: 'known',
      bad: ['gpu1'],
    },
    { name: 'several named nodes', code: 1, lines: ['srun: error: Node failure on gpu[0-1]'], kind: 'known', bad: ['gpu0', 'gpu1'] },
    {
      name: 'a job that lost a node',
      code: 143,
      lines: [
        'slurmstepd: error: *** STEP 7.0 ON gpu0 CANCELLED AT 2026-01-02T03:04:05 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
      ],
      kind: 'known',
      bad: ['gpu0'],
    },
    {
      name: 'tasks cannot be started',
      code: 1,
      lines: ['srun: error: Task launch for StepId=5.0 failed on node gpu1: Communication connection failure'],
      kind: 'known',
      bad: ['gpu1'],
    },
    {
      name: 'a shepherd was killed',
      code: 1,
      lines: ['x1001c0s0b0n0.hostmgmt.cm.example: shepherd died from signal 9'],
      kind: 'known',
      bad: ['x1001c0s0b0n0.hostmgmt.cm.example'],
    },
    {
      name: 'a node named by its network card',
      code: 1,
      lines: ['ping failed on x1001c0s0b0n0-hsn0: no answer'],
      kind: 'known',
      bad: ['x1001c0s0b0n0.hostmgmt.cm.example'],
    },
    {
      name: 'a peer by its address',
      code: 1,
      lines: ['RuntimeError: [gloo/transport/tcp/pair.cc:534] Connection closed by peer [10.0.0.2]:1234'],
      kind: 'known',
      bad: ['gpu1'],
    },
    {
      name: 'an address nobody knows',
      code: 1,
      lines: ['[gloo/transport/tcp/pair.cc:534] Connection closed by peer [10.0.0.9]:1234'],
      kind: 'blind',
    },
    {
      name: 'Open MPI, some lines below',
      code: 1,
      lines: [
        'ORTE has lost communication with a remote daemon.',
        '',
        '  HNP daemon   : [[1,0],0] on node gpu0',
        '  Remote daemon: [[1,0],1] on node gpu1',
        '  Remote host: gpu1',
      ],
      kind: 'known',
      bad: ['gpu1'],
    },
    { name: 'those words elsewhere', code: 1, lines: ['  Remote host: gpu1'], kind: 'blind' },
    { name: 'a node of somebody else', code: 1, lines: ['srun: error: Node failure on gpu7'], kind: 'blind' },
    { name: 'a rank that fails accuses no node', code: 1, lines: ['srun: error: gpu1: task 3: Exited with exit code 1'], kind: 'blind' },
  ])('$name: $kind', ({ code, lines = [], before = null, kind, bad }) => {
    const verdict = classify(attempt(code, lines), before);
    expect(verdict.kind).toBe(kind);
    expect(verdict.kind === 'known' ? verdict.bad.map(({ node }) => node) : undefined).toEqual(bad);
  });

  it('does not call a program stuck that tells of no progress', () => {
    expect(classify(attempt(1, []), attempt(1, []), false).kind).toBe('blind');
  });

  it.each([
    [0, [], 0],
    [0, ['Execution finished with 127'], 127],
    // Only a 0 is doubted: a launcher that failed has failed.
    [5, ['Execution finished with 0'], 5],
  ])('%i with %j counts as %i', (code, lines, counts) => {
    expect(trueCode(attempt(code, lines))).toBe(counts);
  });

  it('keeps the lines that speak of a crash, and not those of the innocent', () => {
    const lines = [
      'torch.OutOfMemoryError: CUDA out of memory',
      'UR_RESULT_ERROR_OUT_OF_RESOURCES',
      'rank 1 died from signal 11',
      'EOFError',
      'srun: error: gpu0: tasks 0-3: Killed',
      '= BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES',
      'mpirun noticed that process rank 1 with PID 0 on node gpu1 exited on signal 9 (Killed).',
      'all is well',
    ];
    const { crashes } = attempt(1, lines).facts;
    expect(crashes).toEqual(lines.filter((line) => line !== 'rank 1 died from signal 11' && line !== 'all is well'));
  });
});
