import { describe, expect, it } from 'vitest';
import { probeLauncher, readLabel, readRankEnd } from '../index.ts';
import { paperSystem } from '../testing/paper-system.ts';

describe('probeLauncher', () => {
  it.each([
    ['Open MPI', { '--version': 'mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/community/help/\n' }, 'openmpi 4.1.4'],
    ['Open MPI under another name', { '--version': 'mpiexec (OpenRTE) 4.1.4\n' }, 'openmpi 4.1.4'],
    ['Open MPI 5', { '--version': 'mpirun (Open MPI) 5.0.3\n' }, 'openmpi 5.0.3'],
    ['MPICH', { '--version': 'HYDRA build details:\n    Version:                                 4.0.2\n    CC: gcc\n' }, 'mpich 4.0.2'],
    ['Intel MPI', { '--version': 'Intel(R) MPI Library for Linux* OS, Version 2021.11 Build 20231005\nHYDRA build' }, 'intelmpi 2021.11'],
    ['PALS by its version', { '--version': 'PALS version 1.3.4' }, 'pals 1.3.4'],
    ['PALS by its flags', { '--version': '', '--help': '--envall --line-buffer --cpu-bind' }, 'pals null'],
    ['srun', { '--version': 'slurm 23.02.7\n' }, 'srun 23.02.7'],
    ["Debian's srun", { '--version': 'slurm-wlm 22.05.8\n' }, 'srun 22.05.8'],
  ])('knows %s', (_name, answers, expected) => {
    const programs = Object.fromEntries(Object.entries(answers).map(([flag, text]) => [`run ${flag}`, text]));
    const found = probeLauncher(paperSystem({ programs }), 'run');
    expect(`${found?.flavour} ${found?.version}`).toBe(expected);
  });

  it('knows what is not there, and what it does not know', () => {
    expect(probeLauncher(paperSystem(), 'run')).toBeNull();
    expect(probeLauncher(paperSystem({ programs: { run: 'v1' } }), 'run')).toBeNull();
  });
});

describe('readLabel', () => {
  it.each([
    ['srun', ' 3: loss 0.1', 3, 'loss 0.1'],
    ['srun', '12: 3: x', 12, '3: x'],
    ['pals', 'x4117c6s5b0n0.hsn 3: loss 0.1', 3, 'loss 0.1'],
    ['pals', '3: loss 0.1', 3, 'loss 0.1'],
    ['openmpi', '[1,3]<stdout>:loss 0.1', 3, 'loss 0.1'],
    ['openmpi', '[1,3]<stderr>:  indented', 3, '  indented'],
    ['openmpi', '[prterun-n1-42@1,3]<stdout>: loss 0.1', 3, 'loss 0.1'],
    ['mpich', '[3] loss 0.1', 3, 'loss 0.1'],
    ['local', '3: ', 3, ''],
  ])('%s: %s', (flavour, line, rank, text) => expect(readLabel({ program: 'x', flavour, version: null }, line)).toEqual({ rank, text }));

  it.each([
    ['srun', 'srun: error: n1: task 3: Exited with exit code 1'],
    ['openmpi', '[n1:4211] mca_base_component: x'],
    ['mpich', '=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES'],
    ['flux', '3: x'],
  ])('%s: not a rank: %s', (flavour, line) => expect(readLabel({ program: 'x', flavour, version: null }, line)).toBeNull());
});

describe('readRankEnd', () => {
  it.each([
    ['bench launch: rank 5 on n1 ended with exit code 42', { rank: 5, host: 'n1', code: 42 }],
    ['[5] bench launch: rank 5 on n1.x ended with exit code 137\r', { rank: 5, host: 'n1.x', code: 137 }],
    ['srun: error: n1: task 5: Exited with exit code 42', { rank: 5, host: 'n1', code: 42 }],
    ['srun: error: n[1-2]: tasks 4-7: Exited with exit code 1', { rank: 4, host: 'n1', code: 1 }],
    ['srun: error: n1: task 5: Killed', { rank: 5, host: 'n1', code: 137 }],
    ['srun: error: n1: task 5: Segmentation fault (core dumped)', { rank: 5, host: 'n1', code: 139 }],
    ['srun: error: n1: task 5: Something new', null],
    ['srun: error: Unable to create step for job 2: More processors requested than permitted', null],
    ['loss 0.1', null],
    ['it said "bench launch: rank 5 on n1 ended with exit code 42" before', null],
  ])('%s', (line, end) => expect(readRankEnd(line)).toEqual(end));
});
