import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTo, nodeCommand, type NodeHostOptions } from './node-host.ts';
import { checkDestination, neededOf, stage, type StageRequest } from './stage.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bench-stage-'));
  mkdirSync(join(dir, 'tree', 'a b'), { recursive: true });
  writeFileSync(join(dir, 'tree', 'a b', "it's"), 'content', { mode: 0o755 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const onlyHere = (target: string) => (target === 'local' ? connect(target) : Promise.reject(new Error('unreachable')));
const outside: NodeHostOptions = { hostname: 'here.cluster', allocation: { scheduler: 'none', jobId: null, addresses: {} } };
const put = (request: Partial<StageRequest>) =>
  stage(
    { source: join(dir, 'tree'), destination: join(dir, 'there', 'tree'), nodes: ['here'], ...request },
    { ...outside, io: createIo({ connect: onlyHere }), signal: new AbortController().signal, retries: 1 },
  );

describe('stage', () => {
  it('copies a tree, in place of what was there only when told to', async () => {
    mkdirSync(join(dir, 'there', 'tree', 'old'), { recursive: true });
    const taken = { node: 'here', error: `${join(dir, 'there', 'tree')} is there already: --replace removes it first`, tries: 2 };
    expect(await put({})).toEqual({ ok: false, needed: 1, staged: [], failed: [taken] });
    expect(readdirSync(join(dir, 'there', 'tree'))).toEqual(['old']);
    expect(await put({ replace: true })).toEqual({ ok: true, needed: 1, staged: ['here'], failed: [] });
    expect(readdirSync(join(dir, 'there', 'tree'))).toEqual(['a b']);
    expect(statSync(join(dir, 'there', 'tree', 'a b', "it's")).mode & 0o777).toBe(0o755);
  });

  it('unpacks an archive, and leaves nothing else', async () => {
    const archive = join(dir, 'env.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', join(dir, 'tree'), '.']);
    expect(await put({ source: archive, unpack: true })).toMatchObject({ ok: true });
    expect(readFileSync(join(dir, 'there', 'tree', 'a b', "it's"), 'utf8')).toBe('content');
    expect(readdirSync(join(dir, 'there'))).toEqual(['tree']);
  });

  it('keeps what was there when an archive is broken', async () => {
    await put({});
    writeFileSync(join(dir, 'broken.tar'), 'no archive');
    expect(await put({ source: join(dir, 'broken.tar'), unpack: true, replace: true })).toMatchObject({
      ok: false,
      failed: [{ node: 'here', tries: 2 }],
    });
    expect(readdirSync(join(dir, 'there'))).toEqual(['tree']);
    expect(readdirSync(join(dir, 'there', 'tree'))).toEqual(['a b']);
  });

  it('is content with as many nodes as it must have, and names the others', async () => {
    const nodes = ['here', 'away1', 'away2'];
    const failed = [
      { node: 'away1', error: 'unreachable', tries: 2 },
      { node: 'away2', error: 'unreachable', tries: 2 },
    ];
    expect(await put({ nodes, minSuccess: '30%' })).toEqual({ ok: true, needed: 1, staged: ['here'], failed });
    expect(await put({ nodes, replace: true })).toEqual({ ok: false, needed: 3, staged: ['here'], failed });
  });
});

describe('what stage is asked', () => {
  it.each([
    [undefined, 10, 10],
    ['7', 10, 7],
    ['90%', 10, 9],
    ['91%', 10, 10],
    ['0.1%', 10, 1],
  ])('%s of %i nodes is %i', (asked, all, needed) => {
    expect(neededOf(asked, all)).toBe(needed);
  });

  it.each(['0', '11', '-1', '101%', 'most', '7.5'])('refuses %s of 10 nodes', (asked) => {
    expect(() => neededOf(asked, 10)).toThrow(expect.objectContaining({ code: 'BENCH_STAGE', exitCode: 2 }));
  });

  it.each(['tree', './tree', '/', '/tmp', '/tmp/', '/tmp/..', '/tmp/a/../..', '/./home'])('refuses the destination %s', (destination) => {
    expect(() => checkDestination(destination)).toThrow(expect.objectContaining({ code: 'BENCH_STAGE' }));
  });
});

describe('the way to a node', () => {
  const inJob: NodeHostOptions = { hostname: 'gpu0', allocation: { scheduler: 'slurm', jobId: '7', addresses: { gpu1: '10.0.0.2' } } };

  it.each<[string, NodeHostOptions, string]>([
    ['here', outside, 'here'],
    ['localhost', outside, 'here'],
    ['away', outside, 'ssh'],
    ['gpu0', inJob, 'here'],
    ['gpu1', inJob, 'srun'],
    ['gpu1', { ...inJob, via: 'ssh' }, 'ssh'],
    ['n2', { ...outside, allocation: { scheduler: 'pbs', jobId: '8', addresses: {} } }, 'ssh'],
  ])('%s', (node, options, way) => {
    expect(accessTo(node, options)).toBe(way);
  });

  it('is a step beside those that run', () => {
    const argv = nodeCommand('gpu1', inJob) ?? [];
    expect(argv.slice(0, 2)).toEqual(['srun', '--jobid=7']);
    expect(argv).toEqual(expect.arrayContaining(['--overlap', '--ntasks=1', '--gres=none', '--nodelist=gpu1']));
  });

  it.each<[NonNullable<NodeHostOptions['via']>, string[]]>([
    ['pals', ['mpiexec', '-n', '1', '--ppn', '1', '--hosts', '10.0.0.2']],
    ['mpich', ['mpiexec.hydra', '-n', '1', '-hosts', '10.0.0.2']],
    ['openmpi', ['mpirun', '-n', '1', '--host', '10.0.0.2']],
  ])('by %s', (via, argv) => {
    expect(nodeCommand('gpu1', { ...inJob, via })).toEqual(argv);
  });

  it('is none by srun without a job, and none to what is no name', () => {
    expect(() => nodeCommand('gpu1', { ...outside, via: 'srun' })).toThrow(expect.objectContaining({ code: 'BENCH_NO_JOB' }));
    expect(() => nodeCommand('-oProxyCommand=x', outside)).toThrow(expect.objectContaining({ code: 'BENCH_NODE_NAME' }));
  });
});
