import { prng } from '@bench/core';
import type { FakeTruth } from '../fake/cloud.ts';
import { misbehaviours } from '../fake/cloud.ts';
import { fakeClock } from '../fake/clock.ts';
import { noMachines } from '../fake/machines.ts';
import { parseMachineName } from '../../contract/name.ts';
import { DEFAULT_TYPES, type FakeInstanceType } from './catalogue.ts';
import { endBehind, type FakeInstance, startBehind } from './instances.ts';
import { CLOUDRIFT_MISBEHAVIOURS, type CloudriftTricks, type FakeCloudriftOptions } from './options.ts';

const HOUR_MS = 3_600_000;

/** All that the fake remembers. */
export type World = ReturnType<typeof makeWorld>;

export function makeWorld(options: FakeCloudriftOptions) {
  const clock = options.clock ?? fakeClock();
  const machines = options.machines ?? noMachines();
  const types = options.types ?? DEFAULT_TYPES;
  const timeline = { activeMs: 50, lateMs: 400, visibleMs: 600, deactivateMs: 100, ...options.timeline };
  const tricks: CloudriftTricks = { empty: 0, notFound: 0, mixed: 0, bootFailed: 0, ...options.tricks };
  const odd = misbehaviours(CLOUDRIFT_MISBEHAVIOURS, options.misbehave);
  const soldOut = new Set(options.soldOut ?? []);
  const instances = new Map<string, FakeInstance>();
  const terminates: FakeTruth['terminates'] = [];
  const counts = { acknowledged: 0, lost: 0 };
  const draw = prng(options.seed ?? 1);

  const statusOf = (i: FakeInstance): 'Initializing' | 'Active' | 'Deactivating' | 'Inactive' | 'Failed' => {
    const now = clock.now();
    if (i.endedAt !== null) {
      const takes = odd.is('stalled-deactivating') ? HOUR_MS : timeline.deactivateMs;
      return now >= i.endedAt + takes ? 'Inactive' : 'Deactivating';
    }
    if (now < i.rentedAt + timeline.activeMs) return 'Initializing';
    return i.doomed || i.broken !== null ? 'Failed' : 'Active';
  };
  const late = (i: FakeInstance) => clock.now() < i.rentedAt + timeline.activeMs + timeline.lateMs;
  const isReady = (i: FakeInstance): boolean => {
    if (statusOf(i) !== 'Active' || i.machine === null || i.power !== 'on') return false;
    if (odd.is('late-ready') && late(i)) return false;
    i.readyAt ??= clock.now();
    return true;
  };
  const billedCents = (i: FakeInstance): number => {
    isReady(i);
    return i.readyAt === null ? 0 : (((i.endedAt ?? clock.now()) - i.readyAt) / HOUR_MS) * i.cents;
  };
  /** Free nodes of a type in a datacenter: its variants share them. */
  const free = (type: FakeInstanceType, datacenter: string): number => {
    const taken = [...instances.values()].filter((i) => i.type === type && i.datacenter === datacenter && i.endedAt === null).length;
    return Math.max(0, (type.nodes[datacenter] ?? 0) - taken);
  };
  const uuid = () => {
    const hex = Array.from({ length: 4 }, () => draw.integer(0, 0xffff_ffff).toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  const rent = (o: {
    type: FakeInstanceType;
    count: number;
    datacenter: string;
    name: string | null;
    publicKeys: readonly string[];
    image: string;
    doomed?: boolean;
  }): FakeInstance => {
    const instance: FakeInstance = {
      id: uuid(),
      name: o.name,
      type: o.type,
      variant: `${o.type.name}.${o.count}`,
      count: o.count,
      datacenter: o.datacenter,
      cents: o.type.cents * o.count,
      rentedAt: clock.now(),
      doomed: o.doomed ?? false,
      machine: null,
      broken: null,
      readyAt: null,
      endedAt: null,
      power: 'on',
      work: Promise.resolve(),
    };
    instances.set(instance.id, instance);
    if (!instance.doomed) startBehind(instance, { machines, publicKeys: o.publicKeys, image: o.image });
    return instance;
  };
  const end = (i: FakeInstance): void => {
    terminates.push({ id: i.id, name: i.name, at: clock.iso() });
    if (i.endedAt !== null) return;
    isReady(i);
    i.endedAt = clock.now();
    endBehind(i);
  };

  const truth = (): FakeTruth => {
    const all = [...instances.values()];
    return {
      createsAcknowledged: counts.acknowledged,
      createsLost: counts.lost,
      live: all
        .filter((i) => i.endedAt === null)
        .map((i) => ({
          id: i.id,
          name: i.name ?? '',
          owner: parseMachineName(i.name ?? '')?.owner6 ?? null,
          since: new Date(i.rentedAt).toISOString(),
        })),
      billedUsd: all.reduce((sum, i) => sum + billedCents(i), 0) / 100,
      terminates: [...terminates],
    };
  };
  return {
    clock,
    machines,
    types,
    timeline,
    tricks,
    odd,
    soldOut,
    instances,
    counts,
    truth,
    rent,
    end,
    free,
    isReady,
    statusOf,
    late,
    balanceCents: () => (options.balanceCents ?? 5000) - truth().billedUsd * 100,
    visible: (i: FakeInstance) => !odd.is('late-visible') || clock.now() >= i.rentedAt + timeline.visibleMs,
    variantOf: (name: string): { type: FakeInstanceType; count: number } | null => {
      const type = types.find((t) => t.counts.some((count) => `${t.name}.${count}` === name));
      return type === undefined ? null : { type, count: Number(name.slice(type.name.length + 1)) };
    },
  };
}
