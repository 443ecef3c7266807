import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import type { Deployment } from '@bench/deploy';
import { localHost } from '@bench/host';
import type { JournalLine, RunWriter } from '@bench/results';
import { afterEach, expect, it } from 'vitest';
import { takeDown } from './deployments.ts';
import type { RunMachine } from './machine.ts';
import { measurementId } from './measurement-id.ts';
import { pointKey, stateOf } from './run-state.ts';
import { takeOver } from './take-over.ts';

const KEY = 'aaaaaaaabbbb';
const where = { recipe: 'r', variant: 'v', key: KEY, attempt: 1, point: 0 };
const idOf = (repeat: number) => measurementId({ runId: 'r1', deployment: 'd1', key: KEY, point: 0, repeat });
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** A machine on which a deployment is up, with the clients of two repeats at work, as a bench that was killed again and again leaves it. */
async function left() {
  const root = await mkdtemp(join(tmpdir(), 'bench-take-over-'));
  const host = localHost({ stateDir: join(root, 'processes') });
  const record = { id: 'd1', key: 'engine', engine: { name: 'vllm', model: 'm' }, servedModel: 'm' };
  let stopped = 0;
  const deployment = { record, phases: [], stop: () => Promise.resolve(void (stopped += 1)) } as unknown as Deployment;
  const machine = {
    index: 0,
    name: 'gpu1',
    host,
    folders: { loads: () => join(root, 'load') },
    targets: { byName: () => ({ adopt: () => Promise.resolve(deployment) }) },
  } as unknown as RunMachine;
  const events = [
    { type: 'machine_ready', machine: 0, name: 'gpu1' },
    { type: 'deployment_planned', deployment: 'd1', key: 'engine', machine: 0, target: 'compose', record },
    { type: 'attempt_started', ...where, deployment: 'd1' },
    { type: 'point_started', ...where, repeat: 0 },
    { type: 'point_failed', ...where, repeat: 0, error: { code: 'BENCH_LOAD_HOST_AWAY', message: 'x' } },
    { type: 'point_started', ...where, repeat: 1 },
  ].map((event, seq) => ({ ...event, seq, at: '' }) as JournalLine);
  for (const repeat of [0, 1]) {
    const client = await host.start({ argv: ['sleep', '600'] }, { id: idOf(repeat) });
    ends.push(() => client.discard());
  }
  const writer = {
    run: { id: 'r1' },
    dir: root,
    event: () => Promise.resolve(),
    deployment: () => Promise.resolve(),
  } as unknown as RunWriter;
  const context = { writer, io: createIo(), on: () => undefined, several: false };
  const leftBehind: string[] = [];
  const { taken, unusable } = await takeOver({
    state: stateOf(events),
    machines: [machine],
    wanted: new Map([['engine', pointKey(KEY, 0, 0)]]),
    context,
    leftBehind,
  });
  const atWork = async () => (await Promise.all([0, 1].map((repeat) => host.attach(idOf(repeat))))).map((client) => client !== null);
  return { taken, unusable, leftBehind, atWork, context, stopped: () => stopped };
}

it('only the client of the point that is measured first stays at work on a deployment that is taken over', async () => {
  const { taken, leftBehind, atWork, context, stopped } = await left();
  expect([taken.length, leftBehind]).toEqual([1, []]);
  expect(await atWork()).toEqual([true, false]);
  // One that was not come back to does not outlive its engine.
  expect(await takeDown(taken[0] as (typeof taken)[0], context)).toBeNull();
  expect([await atWork(), stopped()]).toEqual([[false, false], 1]);
});
