import type { FakeMachine } from '../fake/machines.ts';
import type { FakeInsert } from './insert.ts';
import { type FakeOperation, googleTime } from './operations.ts';
import type { World } from './world.ts';

export type FakeStatus = 'PENDING' | 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'STOPPING' | 'TERMINATED';

/** A machine of the fake. */
export interface FakeInstance {
  id: string;
  name: string;
  zone: string;
  wanted: FakeInsert;
  labels: Record<string, string>;
  status: FakeStatus;
  /** What happens to it next, by the fake's clock. */
  next: { at: number; to: FakeStatus | 'removed' | 'stockout' | 'expired' } | null;
  insert: FakeOperation | null;
  createdAt: number;
  runningAt: number | null;
  removedAt: number | null;
  /** Lists show it from then on. */
  listedAt: number;
  failed: boolean;
  /** The machine behind it is up. */
  booted: boolean;
  machine: FakeMachine | null;
  address: { ip: string; release(): Promise<void> } | null;
  ip: string | null;
  /** It refused one delete already. */
  wasBusy: boolean;
  /** What was begun behind it, one after another. */
  work: Promise<void>;
}

export function presetInstance(wanted: FakeInsert, id: string, now: number): FakeInstance {
  return {
    id,
    name: wanted.name,
    zone: wanted.zone,
    wanted,
    labels: { ...(wanted.body['labels'] as Record<string, string> | undefined) },
    status: 'PROVISIONING',
    next: null,
    insert: null,
    createdAt: now,
    runningAt: null,
    removedAt: null,
    listedAt: now,
    failed: false,
    booted: false,
    machine: null,
    address: null,
    ip: null,
    wasBusy: false,
    work: Promise.resolve(),
  };
}

/** As the API shows it. */
export function shownInstance(instance: FakeInstance, world: World): Record<string, unknown> {
  const { wanted } = instance;
  const zoneUrl = `${world.base}/projects/${world.project}/zones/${instance.zone}`;
  const up = instance.status === 'RUNNING' || instance.status === 'STOPPING';
  return {
    kind: 'compute#instance',
    id: instance.id,
    creationTimestamp: googleTime(instance.createdAt),
    name: instance.name,
    ...(wanted.body['tags'] === undefined ? {} : { tags: wanted.body['tags'] }),
    machineType: `${zoneUrl}/machineTypes/${wanted.type.name}`,
    status: instance.status,
    zone: zoneUrl,
    networkInterfaces: [
      {
        kind: 'compute#networkInterface',
        name: 'nic0',
        network: `${world.base}/projects/${world.project}/global/networks/default`,
        networkIP: '10.128.0.2',
        accessConfigs: [
          {
            kind: 'compute#accessConfig',
            type: 'ONE_TO_ONE_NAT',
            name: 'external-nat',
            ...(up && instance.ip !== null ? { natIP: instance.ip } : {}),
            networkTier: 'PREMIUM',
          },
        ],
      },
    ],
    disks: [
      {
        kind: 'compute#attachedDisk',
        type: 'PERSISTENT',
        mode: 'READ_WRITE',
        source: `${zoneUrl}/disks/${instance.name}`,
        boot: true,
        autoDelete: true,
      },
    ],
    metadata: wanted.body['metadata'] ?? { kind: 'compute#metadata' },
    scheduling: wanted.body['scheduling'] ?? { provisioningModel: 'STANDARD' },
    labels: instance.labels,
    labelFingerprint: '42WmSpB8rSM=',
    ...(wanted.gpu === null
      ? {}
      : { guestAccelerators: [{ acceleratorType: `${zoneUrl}/acceleratorTypes/${wanted.gpu.type}`, acceleratorCount: wanted.gpu.count }] }),
    startRestricted: false,
    deletionProtection: false,
    selfLink: `${zoneUrl}/instances/${instance.name}`,
  };
}
