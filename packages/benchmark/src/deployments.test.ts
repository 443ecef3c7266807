import { createIo } from '@bench/core';
import type { Deployment } from '@bench/deploy';
import type { Task } from '@bench/recipe';
import type { RunWriter } from '@bench/results';
import { expect, it } from 'vitest';
import { bringUp } from './deployments.ts';
import type { RunMachine } from './machine.ts';

it('an engine that came up is ended when the run cannot write that down', async () => {
  let stopped = 0;
  const record = { id: 'd1', key: 'k', engine: { name: 'vllm', model: 'm' }, servedModel: 'm', target: 'compose' };
  const deployment = { record, phases: [], stop: () => Promise.resolve(void (stopped += 1)) } as unknown as Deployment;
  const machine = {
    index: 0,
    name: 'gpu1',
    facts: () => Promise.resolve({}),
    targets: { forTask: () => ({ plan: () => ({ record, steps: [] }), start: () => Promise.resolve(deployment) }) },
  } as unknown as RunMachine;
  const writer = {
    run: { id: 'r1' },
    deploymentDir: () => Promise.resolve('/nowhere'),
    deployment: () => Promise.resolve(),
    event: ({ type }: { type: string }) =>
      type === 'deployment_ready' ? Promise.reject(new Error('no space left on device')) : Promise.resolve(),
  } as unknown as RunWriter;
  const up = bringUp({ task: {} as Task, key: 'k', id: 'd1', machine }, { writer, io: createIo(), on: () => undefined, several: false });
  await expect(up).rejects.toThrow('no space left on device');
  expect(stopped).toBe(1);
});
