import type { Host } from '@bench/core';

/** One promise of a {@link Host}, checked. Give it to any test runner: `it(name, () => run())`. */
export interface ContractCase {
  name: string;
  /** Rejects with an assertion error when the promise is not kept. */
  run(): Promise<void>;
}

export interface HostContractOptions {
  /** Opens the host under test; each case opens its own and closes it. */
  open(): Promise<Host>;
  /** Does the host tell which signal ended a command? OpenSSH's client cannot. Default true. */
  tellsSignals?: boolean;
  /** Does the host share this machine's 127.0.0.1? Tunnels are tried only then. Default true. */
  sharesLoopback?: boolean;
  /** Folder on the host with less than 4 MiB of room, asked for when it is needed; what does not fit is tried only then. */
  smallFolder?: () => string | undefined;
  /** Is the host's user root, for whom nothing is forbidden? Then refusals are not tried. Default: asked of the host. */
  isRoot?: boolean;
}

/** What a case gets: the host, a fresh folder on it and one here; both are removed afterwards. */
export interface CaseContext {
  host: Host;
  far: string;
  near: string;
  options: HostContractOptions;
}

export type CaseBody = (context: CaseContext) => Promise<void>;
