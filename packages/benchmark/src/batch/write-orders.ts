import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH_FILES, type BatchClientPlanInput, type BatchOrder, moveLoadFiles } from '@bench/core';
import { type BatchRecord, smokeTestOf } from '@bench/deploy';
import { type Engine, engineOf, type Task } from '@bench/recipe';
import type { Host } from '@bench/core';
import type { QueuedOrder } from './queued-record.ts';

/** Writes what load clients are to do: a plan, and an order for each load. Holds no secret. */
export async function writeOrders(o: {
  host: Host;
  record: BatchRecord;
  task: Task;
  orders: readonly QueuedOrder[];
  engines: readonly Engine[];
  /** Where a file of a load of this machine lies on the cluster. */
  dataPath(local: string): string;
  signal: AbortSignal;
}): Promise<void> {
  const { host, record, task, orders, engines, signal } = o;
  const loads = orders.flatMap(({ load }) => (load === null ? [] : [load]));
  if (loads.length === 0) return;
  const { engine } = engineOf(task.resolved, engines);
  const smokeTest = smokeTestOf(task);
  const plan: BatchClientPlanInput = {
    version: 1,
    model: record.servedModel,
    healthPath: record.healthPath ?? engine.paths.health,
    resetCachePath: record.resetCachePath,
    orders: loads.length,
    smokeTest: smokeTest === null ? null : { api: record.api ?? 'chat', ...smokeTest },
  };
  const folder = await mkdtemp(join(tmpdir(), 'bench-orders-'));
  try {
    await writeFile(join(folder, 'plan.json'), `${JSON.stringify(plan)}\n`);
    for (const [k, load] of loads.entries()) {
      const { key, point, repeat } = orders[k] as QueuedOrder;
      const order: BatchOrder = {
        version: 1,
        id: `${record.id}-${key.slice(0, 8)}-p${point}-r${repeat}`,
        load: await moveLoadFiles(load, ({ path }) => o.dataPath(path)),
        server: { ...engine.api, tokenizePath: engine.paths.tokenize ?? null },
      };
      await writeFile(join(folder, `${k}.json`), `${JSON.stringify(order)}\n`);
    }
    await host.put(folder, `${record.folder}/${BATCH_FILES.clientPlan.split('/')[0] ?? ''}`, { signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
