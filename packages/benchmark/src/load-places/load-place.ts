import type { Host, Io, LoadSpec } from '@bench/core';
import type { ContainerFacts, Endpoint } from '@bench/deploy';
import type { LoadProgress, LoadResult } from '@bench/loadgen';
import type { DatedSelfcheck } from '@bench/loadgen/selfcheck';

export type Calibration = LoadResult['calibration'];

/** One load to be sent. */
export interface LoadOrder {
  /** Unique in the run, safe as a file name: names the client's process on the host, so that a new `bench` finds it again. */
  id: string;
  /** As seen from the machine that the engine runs on. */
  endpoint: Endpoint;
  load: LoadSpec;
  /** What an earlier load on the same server and API learnt. */
  calibration?: Calibration | undefined;
  /** Folder on this machine for what the place leaves: logs, files of a client of the engine's. */
  dir: string;
  /** Stops sending; what was measured until then is the result, flagged `interrupted`. */
  signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
}

export type LoadPlaceName = 'here' | 'host-node' | 'host-uploaded-node' | 'host-container' | 'tunnel' | 'engine-client';

/** Somewhere load is sent from. */
export interface LoadPlace {
  readonly name: LoadPlaceName;
  /** Sends one load and measures it. Requests that fail are records, not exceptions. @throws BenchError when there is no result. */
  run(order: LoadOrder): Promise<LoadResult>;
  /** Removes what it put on the host, but for what is kept there under its hash for the next run. Idempotent. */
  close(): Promise<void>;
}

export interface LoadPlaceOptions {
  io: Io;
  /** The machine that the engine runs on. */
  host: Host;
  /** What runs containers there; null: nothing. */
  containers: ContainerFacts | null;
  /** Absolute folder on the host for this run's loads. */
  hostDir: string;
  /** Has Node ≥ 20, and `node` in its path. Default `node:22-slim`. */
  nodeImage?: string | undefined;
  /** Of this machine: sizes and describes the client where load is sent from here. Default: none was made. */
  selfcheck?: DatedSelfcheck | undefined;
  /** Places that may be used, of those for the host's kind. Default: all. */
  allow?: readonly LoadPlaceName[] | undefined;
  /** Node programs on this machine, to be tried on a host that has none; see {@link nodeBinaries}, the default. */
  nodeBinaries?: ((arch: 'x64' | 'arm64') => AsyncIterable<string>) | undefined;
  /** What is being done, for people: which place was chosen, and why not the one before. */
  on(text: string): void;
  signal: AbortSignal;
}
