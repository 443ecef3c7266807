import { messageOf } from '@bench/core';
import { type FakeClock, fakeClock } from '../fake/clock.ts';
import { misbehaviours } from '../fake/cloud.ts';
import { noMachines } from '../fake/machines.ts';
import type { FakeAddresses } from './addresses.ts';
import { FAKE_GPUS, FAKE_TYPES } from './catalogue.ts';
import type { FakeInsert } from './insert.ts';
import { type FakeInstance, presetInstance } from './instances.ts';
import type { FakeOperation } from './operations.ts';
import { type FakeGcpOptions, GCP_MISBEHAVIOURS, type GcpMisbehaviour, type GcpTimeline } from './options.ts';

export type World = ReturnType<typeof makeWorld>;

/** An empty project. */
export function makeWorld(options: FakeGcpOptions, addresses: FakeAddresses | null) {
  const clock: FakeClock = options.clock ?? fakeClock();
  const machines = options.machines ?? noMachines();
  const timeline: GcpTimeline = {
    provisioningMs: 20,
    stagingMs: 40,
    stopMs: 40,
    deleteMs: 40,
    stockoutMs: 40,
    flexMs: 60,
    ...options.timeline,
  };
  const wrong = misbehaviours<GcpMisbehaviour>(GCP_MISBEHAVIOURS, options.misbehave);
  const instances = new Map<string, FakeInstance>();
  const operations: FakeOperation[] = [];
  const byRequest = new Map<string, FakeOperation>();
  const ended: FakeInstance[] = [];
  const terminates: { id: string; name: string | null; at: string }[] = [];
  const endings = new Set<Promise<void>>();
  const errors: string[] = [];
  const soldOut = new Set<string>();
  let last = 4_000_000_000;
  let strikes = { stockout: 1, rateLimit: 2 };
  const key = (zone: string, name: string): string => `${zone}/${name}`;

  const operate = (o: Pick<FakeOperation, 'zone' | 'operationType' | 'target' | 'targetId' | 'doneAt'>): FakeOperation => {
    last += 1;
    const id = String(last);
    const operation = { ...o, id, name: `operation-${clock.now()}-${id}`, insertedAt: clock.now(), error: null, httpStatus: 200 };
    operations.push(operation);
    return operation;
  };

  /** What stands behind it ends; nothing bills any more. */
  const remove = (instance: FakeInstance): void => {
    instances.delete(key(instance.zone, instance.name));
    instance.removedAt = clock.now();
    ended.push(instance);
    const ending = instance.work
      .then(async () => {
        await instance.address?.release();
        await instance.machine?.end();
      })
      .catch((error: unknown) => void errors.push(messageOf(error)))
      .finally(() => endings.delete(ending));
    endings.add(ending);
  };

  /** After all that was begun before; for what stands behind the machine. */
  const behind = (instance: FakeInstance, act: () => Promise<void> | undefined): void => {
    instance.work = instance.work.then(act).catch((error: unknown) => void errors.push(messageOf(error)));
  };

  const boot = (instance: FakeInstance): void => {
    instance.booted = false;
    behind(instance, async () => {
      if (instance.removedAt !== null) return;
      if (instance.machine === null) {
        instance.machine = await machines.start({
          id: instance.id,
          name: instance.name,
          user: instance.wanted.user,
          publicKeys: instance.wanted.publicKeys,
          image: instance.wanted.image,
          gpus: Array.from(
            { length: instance.wanted.gpu?.count ?? 0 },
            () => FAKE_GPUS[instance.wanted.gpu?.type ?? ''] ?? { name: 'GPU', memoryMiB: 1 },
          ),
          onShutdown: () => {
            if (instance.status === 'RUNNING') instance.status = 'TERMINATED';
          },
        });
        // Machines on paper have an address that nothing has to listen at.
        const paper = instance.machine.host.startsWith('192.0.2.');
        instance.address = addresses === null || paper ? null : await addresses.give(instance.machine);
        instance.ip = instance.address?.ip ?? instance.machine.host;
      } else await instance.machine.on?.();
      instance.booted = true;
    });
  };

  const stop = (instance: FakeInstance, then: 'TERMINATED' | 'removed'): void => {
    instance.status = 'STOPPING';
    instance.next = { at: clock.now() + timeline.stopMs, to: then };
    behind(instance, () => instance.machine?.off?.());
  };

  const begin = (instance: FakeInstance): void => {
    instance.status = 'PROVISIONING';
    instance.next = { at: clock.now() + timeline.provisioningMs, to: 'STAGING' };
    boot(instance);
  };

  const fail = (instance: FakeInstance, code: string, message: string): void => {
    const { insert } = instance;
    if (insert !== null) Object.assign(insert, { doneAt: clock.now(), error: { code, message }, httpStatus: 503 });
    instance.failed = true;
    remove(instance);
  };

  /** Puts one machine forward by at most one state. */
  const step = (instance: FakeInstance): boolean => {
    const now = clock.now();
    const { next } = instance;
    if (instance.status === 'RUNNING' && instance.runningAt !== null && now >= instance.runningAt + instance.wanted.maxRunS * 1000) {
      operate({
        zone: instance.zone,
        operationType: 'compute.instances.terminateOnMaxRunDuration',
        target: instance.name,
        targetId: instance.id,
        doneAt: now,
      });
      stop(instance, 'removed');
      return true;
    }
    if (next === null || now < next.at) return false;
    switch (next.to) {
      case 'stockout':
        fail(
          instance,
          'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
          `The zone 'projects/${world.project}/zones/${instance.zone}' does not have enough resources available to fulfill the request.  '(resource type:compute)'.`,
        );
        return true;
      case 'expired':
        fail(
          instance,
          'ZONE_RESOURCE_POOL_EXHAUSTED',
          `The zone '${instance.zone}' did not have the requested resources within the time that the request was valid.`,
        );
        return true;
      case 'PROVISIONING':
        begin(instance);
        return true;
      case 'STAGING':
        instance.status = 'STAGING';
        instance.next = { at: now + timeline.stagingMs, to: 'RUNNING' };
        return true;
      case 'RUNNING':
        if (!instance.booted) return false;
        instance.status = 'RUNNING';
        instance.runningAt = now;
        instance.next = null;
        if (instance.insert !== null && instance.insert.doneAt === Infinity) instance.insert.doneAt = now;
        return true;
      case 'TERMINATED':
        instance.status = 'TERMINATED';
        instance.next = null;
        return true;
      case 'removed':
        remove(instance);
        return false;
      case 'PENDING':
      case 'STOPPING':
        return false;
    }
  };

  const world = {
    project: options.project ?? 'bench-fake',
    base: '',
    clock,
    machines,
    timeline,
    wrong,
    quotas: structuredClone(options.quotas ?? {}) as Record<string, Record<string, number>>,
    firewall: options.firewall ?? true,
    instances,
    operations,
    byRequest,
    ended,
    terminates,
    errors,
    soldOut,
    lists: 0,
    operate,
    stop,
    begin,

    /** Brings everything to the time that the clock shows. */
    tick(): void {
      for (const instance of instances.values()) while (instance.removedAt === null && step(instance));
    },

    insert(wanted: FakeInsert): FakeOperation {
      last += 1;
      const id = String(last);
      const lag = wrong.is('lagging-lists') ? 1000 : 0;
      const instance: FakeInstance = { ...presetInstance(wanted, id, clock.now()), listedAt: clock.now() + lag };
      instances.set(key(wanted.zone, wanted.name), instance);
      const operation = operate({ zone: wanted.zone, operationType: 'insert', target: wanted.name, targetId: id, doneAt: Infinity });
      instance.insert = operation;
      const out = soldOut.has(wanted.zone) || (wrong.is('stockout') && strikes.stockout-- > 0);
      if (wanted.market === 'FLEX_START') {
        instance.status = 'PENDING';
        const never = out || wrong.is('flex-expiry');
        instance.next = never
          ? { at: clock.now() + wanted.validForS * 1000, to: 'expired' }
          : { at: clock.now() + timeline.flexMs, to: 'PROVISIONING' };
      } else if (out) instance.next = { at: clock.now() + timeline.stockoutMs, to: 'stockout' };
      else begin(instance);
      return operation;
    },

    get: (zone: string, name: string): FakeInstance | undefined => instances.get(key(zone, name)),

    /** Google takes a spot machine back. */
    preempt(name: string): void {
      const instance = [...instances.values()].find((i) => i.name === name);
      if (instance === undefined) throw new Error(`no instance is called ${name}`);
      operate({
        zone: instance.zone,
        operationType: 'compute.instances.preempted',
        target: name,
        targetId: instance.id,
        doneAt: clock.now(),
      });
      stop(instance, instance.wanted.onEnd === 'DELETE' ? 'removed' : 'TERMINATED');
    },

    /** An instance of somebody's own making. */
    foreign(name: string, labels: Record<string, string> = {}): void {
      const wanted: FakeInsert = {
        body: { labels },
        zone: 'us-central1-a',
        name,
        type: FAKE_TYPES[0] as (typeof FAKE_TYPES)[number],
        gpu: null,
        market: 'STANDARD',
        user: 'somebody',
        publicKeys: [],
        image: null,
        maxRunS: Infinity,
        validForS: 0,
        onEnd: 'STOP',
      };
      world.insert(wanted);
    },

    setQuota(region: string, metric: string, limit: number): void {
      world.quotas[region] = { ...world.quotas[region], [metric]: limit };
    },

    /** True: this request is one too many. */
    tooMany: (): boolean => wrong.is('rate-limit') && strikes.rateLimit-- > 0,
    misbehave(names: 'all' | readonly string[]): void {
      wrong.set(names);
      strikes = { stockout: 1, rateLimit: 2 };
    },

    async close(): Promise<void> {
      for (const instance of instances.values()) remove(instance);
      await Promise.all(endings);
      await machines.close();
      await addresses?.close();
    },
  };
  return world;
}
