import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pbsEnvironment } from './pbs-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-pbs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the environment of a PBS job', () => {
  it('names each node once for each slot, in the job order', () => {
    const { env, nodeFile } = pbsEnvironment({ folder, nodes: ['x3', 'x1'], slotsPerNode: 2 });
    expect(env['PBS_NODEFILE']).toBe(nodeFile);
    expect(readFileSync(nodeFile, 'utf8')).toBe('x3\nx3\nx1\nx1\n');
    expect(nodeFile.endsWith('/pbs/aux/1234.pbs-server')).toBe(true);
  });

  it('is of PBS Pro, with folders that are there', () => {
    const { env } = pbsEnvironment({ folder, nodes: ['x1'], ncpus: 64, arrayIndex: 7 });
    expect(env).toMatchObject({ NCPUS: '64', PBS_JOBID: '1234[7].pbs-server', PBS_ARRAY_INDEX: '7', PBS_ENVIRONMENT: 'PBS_BATCH' });
    expect(env).not.toHaveProperty('PBS_NUM_PPN');
    for (const name of ['PBS_JOBDIR', 'PBS_O_WORKDIR', 'PBS_O_HOME', 'TMPDIR']) {
      expect(statSync(env[name] ?? '').isDirectory(), name).toBe(true);
    }
  });

  it('is of Torque', () => {
    const { env, nodeFile } = pbsEnvironment({ folder, nodes: ['a', 'b'], slotsPerNode: 4, dialect: 'torque', interactive: true });
    expect(env).toMatchObject({
      PBS_NUM_NODES: '2',
      PBS_NUM_PPN: '4',
      PBS_NP: '8',
      PBS_ENVIRONMENT: 'PBS_INTERACTIVE',
      PBS_JOBNAME: 'STDIN',
    });
    expect(env).not.toHaveProperty('PBS_JOBDIR');
    expect(readFileSync(nodeFile, 'utf8').split('\n')).toHaveLength(9);
  });
});
