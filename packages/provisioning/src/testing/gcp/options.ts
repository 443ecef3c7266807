import type { FakeCloudOptions } from '../fake/cloud.ts';

/** The awkward things that Compute Engine does, each of which has broken a client. */
export const GCP_MISBEHAVIOURS = {
  stockout: 'the next insert is accepted, and its operation fails: the zone has no capacity',
  'lagging-lists': 'a new machine stands in no list for a second',
  'small-pages': 'lists come two a page',
  'unreachable-zone': 'every third list of machines lacks a zone, with a warning',
  'busy-delete': 'the first delete of a machine is refused: it is being changed',
  'slow-delete': 'a delete takes a second, and a further one meanwhile is refused',
  'rate-limit': 'two requests in a row are refused as too many',
  'flex-expiry': 'flex-start requests find no capacity until they expire',
} as const;
export type GcpMisbehaviour = keyof typeof GCP_MISBEHAVIOURS;

/** How long things take, milliseconds by the fake's clock. */
export interface GcpTimeline {
  provisioningMs: number;
  stagingMs: number;
  stopMs: number;
  deleteMs: number;
  /** Until an insert fails for want of capacity. */
  stockoutMs: number;
  /** In the queue of flex-start. */
  flexMs: number;
}

export interface FakeGcpOptions extends FakeCloudOptions {
  /** Default `bench-fake`. */
  project?: string;
  timeline?: Partial<GcpTimeline>;
  /** By region and metric; `GPUS_ALL_REGIONS` of region `global`. Default: 64 of each, 128 in all. */
  quotas?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The default network lets SSH in. Default true. */
  firewall?: boolean;
}
