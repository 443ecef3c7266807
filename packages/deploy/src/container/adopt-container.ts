import type { Engine } from '@bench/recipe';
import type { Deployment, TargetContext } from '../contract.ts';
import { keptKey, removeKey } from './api-key.ts';
import type { ContainerRecord } from './container-record.ts';
import { askHealth } from './health.ts';
import { liveContainer, watchContainer } from './live-container.ts';
import { rentalsOf } from './start-container.ts';

/** Takes over a container that another process rented, when it is there, healthy and its key is known; else ends it and answers null. */
export async function adoptContainer(
  record: ContainerRecord,
  context: TargetContext,
  engines: readonly Engine[],
): Promise<Deployment | null> {
  const { io } = context;
  // Whatever was on its way then has no deployment: the ledger knows it.
  const machine = record.machine === null ? null : await rentalsOf(context).adopt(record.machine);
  if (machine === null) {
    await removeKey(record.keyPath);
    return null;
  }
  const engine = engines.find(({ name }) => name === record.engine.name);
  const apiKey = await keptKey(record.keyPath, io);
  const published = machine.machine().published.some(({ port }) => port === record.containerPort);
  if (engine === undefined || apiKey === null || !published) {
    await machine.end('it cannot be taken over');
    await removeKey(record.keyPath);
    return null;
  }
  const container = watchContainer({ record, machine, engine, apiKey, context });
  const answer = await askHealth(container, engine.paths.health, io, context.signal ?? io.signal).catch(async (error: unknown) => {
    await container.release();
    throw error;
  });
  if (answer !== null) {
    await container.end(`it is not healthy: ${answer}`);
    return null;
  }
  container.settle();
  return liveContainer(container, [], io);
}
