import type { FakeCloudOptions } from '../fake/cloud.ts';
import type { FakeInstanceType } from './catalogue.ts';

/** Awkward, but legal: a client that cannot do with these is wrong. */
export const CLOUDRIFT_MISBEHAVIOURS = {
  'late-visible': 'a rented instance cannot be seen, and not ended either, for a moment',
  'dated-versions-refused': 'only the version ~upcoming is spoken',
  'late-ports': 'address and port map stay null for a while after Active',
  'late-ready': 'the machine is ready only a while after Active',
  'status-200': 'answers come with 200 where the schema says 201',
  'empty-terminated': 'also the first terminate answers with an empty list',
  'stalled-deactivating': 'an instance that was ended stays in Deactivating for an hour',
  'extra-fields': 'answers have fields that nobody knows, and nulls for some that are known',
} as const;
export type CloudriftMisbehaviour = keyof typeof CLOUDRIFT_MISBEHAVIOURS;

/** Things that happen to the next rents; each counts down. */
export interface CloudriftTricks {
  /** No node is free after all: `instance_ids` is empty. */
  empty: number;
  /** The type is not carried there: 400. */
  notFound: number;
  /** 503 NodeAllocationModeMixed. */
  mixed: number;
  /** The instance is made and then fails to boot. */
  bootFailed: number;
}

/** Milliseconds of the fake's clock. */
export interface CloudriftTimeline {
  /** From rent to Active. Default 50. */
  activeMs: number;
  /** From Active to what is late, by misbehaviour. Default 400. */
  lateMs: number;
  /** From rent until it can be seen, by misbehaviour. Default 600. */
  visibleMs: number;
  /** From the request to stop to Inactive. Default 100. */
  deactivateMs: number;
}

export interface FakeCloudriftOptions extends FakeCloudOptions {
  types?: readonly FakeInstanceType[];
  timeline?: Partial<CloudriftTimeline>;
  tricks?: Partial<CloudriftTricks>;
  /** Default 5 000. */
  balanceCents?: number;
  /** Variants by name, `rtx59-16c-nr.2`, that are listed and yet never free. */
  soldOut?: readonly string[];
}
