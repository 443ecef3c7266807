import type { GpuFormFactor, GpuVendor } from '@bench/core';

/** What a provider is asked to run on what it rents. */
export type WorkloadKind = 'vm' | 'container' | 'batch';

/** `spot`: may be taken away at any time. `flex`: waits in a queue, then runs for a bounded time. */
export type Market = 'on-demand' | 'spot' | 'flex' | 'reserved';

/** What is looked for. A provider uses what narrows its answer; the core checks every offer against all of it again. */
export interface OfferQuery {
  /** Canonical id of the GPU catalogue, or a family (`A100`, `H100`). Null: any, machines without a GPU too. */
  gpu: string | null;
  /** GPUs of the machine, exactly. Null: any number. */
  count: number | null;
  workload: WorkloadKind;
  /** Default: on demand only. */
  markets: readonly Market[];
  /** Names of regions or zones, as the provider spells them. Empty: everywhere. */
  regions: readonly string[];
  /** Disk that will be rented, GB. It is part of the price at some sellers. */
  diskGb: number;
  criteria: OfferCriteria;
}

/** What else a machine must be. Absent: not asked for. An offer that does not say is left out when it is asked for. */
export interface OfferCriteria {
  /** Share of the time that the machine was up, 0 to 1. */
  minReliability?: number | undefined;
  /** Checked by the seller. */
  verified?: boolean | undefined;
  /** ISO 3166 country codes. */
  countries?: readonly string[] | undefined;
  notCountries?: readonly string[] | undefined;
  minCpus?: number | undefined;
  minMemoryGb?: number | undefined;
  /** Network of the machine, megabits per second. */
  minDownMbps?: number | undefined;
  minUpMbps?: number | undefined;
  /** CUDA version that the driver can do, `12.4`. */
  minCuda?: string | undefined;
  /** Driver version, `550`. */
  minDriver?: string | undefined;
}

/** Something a provider sells now: one machine at one place. */
export interface Offer {
  /** Unique at the provider, for as long as the offer lasts. */
  id: string;
  provider: string;
  /** The seller's name of the kind of machine. */
  instanceType: string;
  region: string;
  zone: string | null;
  /** ISO 3166 country code. */
  country: string | null;
  /** Null: a machine without a GPU. */
  gpu: {
    /** Canonical id of the GPU catalogue; null: the catalogue does not know it. */
    id: string | null;
    /** As the seller spells it. */
    name: string;
    vendor: GpuVendor;
    count: number;
    /** Of one. */
    memoryGb: number;
    formFactor: GpuFormFactor | null;
  } | null;
  cpus: number | null;
  memoryGb: number | null;
  diskGb: number | null;
  /** The whole machine, with `diskGb` of the query unless `diskInPrice` is false. Null: not known, which is not the same as free; a 0 of a seller is null. */
  priceUsdPerHour: number | null;
  /** Whether the price holds the disk. False: it bills beside it, at `storageUsdPerGbMonth`, from create until it is gone. Absent: it does. */
  diskInPrice?: boolean | undefined;
  /** Where who bids pays what was bid, and the disk that the price holds: the least that is taken; null: not known. Absent: nobody bids. */
  minBidUsdPerHour?: number | null | undefined;
  /** The bid that the price was reckoned with. Absent: `minBidUsdPerHour`. */
  pricedBidUsdPerHour?: number | null | undefined;
  /** What is paid beside it or while it is stopped; null: not known. */
  storageUsdPerGbMonth: number | null;
  egressUsdPerGb: number | null;
  priceSource: PriceSource;
  market: Market;
  availability: 'available' | 'low' | 'unknown' | 'none' | 'no-quota' | 'no-balance';
  workloads: readonly WorkloadKind[];
  /** Null: not said. */
  reliability: number | null;
  verified: boolean | null;
  downMbps: number | null;
  upMbps: number | null;
  cudaVersion: string | null;
  driverVersion: string | null;
  /** How it is reached: on an address of its own, by ports that are mapped, or not at all from outside. */
  publicIp: 'direct' | 'mapped' | 'none';
  /** When its owner takes it back at the latest, ISO 8601. */
  rentableUntil: string | null;
  /** What the provider would try first of its own offers that are alike: the lowest. Absent: it does not mind. */
  preference?: number;
  /** The adapter's own, JSON; what `create` needs beside the rest. Holds no secret. Null: it needs nothing, or nobody made the offer. */
  data: unknown;
}

/** Where a price came from. `catalogue`: a table that was shipped, of the given date. */
export interface PriceSource {
  kind: 'live' | 'catalogue' | 'user';
  /** In words: `CloudRift`, `price list of 2026-10-01`. */
  name: string;
  /** When it was asked for, or the table's date; ISO 8601. */
  at: string;
}
