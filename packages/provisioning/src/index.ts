export { bootstrap, type BootstrapResult } from './bootstrap/bootstrap.ts';
export type { BootstrapEvent, BootstrapOptions } from './bootstrap/context.ts';
export { bootstrapPlan, type BootstrapWanted } from './bootstrap/plan.ts';
export type { BootstrapStep, Script } from './bootstrap/step.ts';
export {
  CONTRACT_VERSION,
  LABELS,
  machineName,
  OWNER_IN_NAME,
  parseMachineName,
  providerError,
  providerErrorKind,
  readSecret,
  secretRefSchema,
  type CallLimit,
  type CallOptions,
  type Capabilities,
  type CheckItem,
  type CheckReport,
  type Deadlines,
  type Machine,
  type MachineConnection,
  type MachineRef,
  type MachineSpec,
  type MachineState,
  type Market,
  type Offer,
  type OfferCriteria,
  type OfferQuery,
  type PriceSource,
  type Provider,
  type ProviderAnswer,
  type ProviderContext,
  type ProviderErrorInit,
  type ProviderErrorKind,
  type ProviderFactory,
  type ProviderRequest,
  type SecretRef,
  type Workload,
  type WorkloadKind,
} from './contract/index.ts';
export { deadlinesOf, DEFAULT_DEADLINES } from './core/deadlines.ts';
export { providerHttp } from './core/http.ts';
export { openProviders, type ClosedProvider, type OpenProvider, type OpenProviders } from './core/open-providers.ts';
export { maskSecrets } from './core/secrets.ts';
export { requestIdOf, wordsOf } from './core/answer.ts';
export type { Holder, LedgerEntry } from './ledger/entry.ts';
export { openLedger, type Ledger } from './ledger/ledger.ts';
export { createOverMs, invisibleMs } from './rent/visibility.ts';
export { collectGarbage, SETTLED_MS } from './gc/collect-garbage.ts';
export { whose } from './gc/whose.ts';
export type { GcEvent, GcMachine, GcOptions, GcResult } from './gc/types.ts';
export { claimOf } from './ledger/claim.ts';
export { isOver } from './ledger/is-over.ts';
export type { LedgerDamage } from './ledger/log-file.ts';
export { sameAccount } from './rent/account.ts';
export { acquire } from './rent/acquire.ts';
export { adoptRented } from './rent/adopt-rented.ts';
export { cancelJob, type CancelJob } from './rent/cancel-job.ts';
export { findMachine } from './rent/create-machine.ts';
export { submitJob, type SubmitJob, type SubmittedJob } from './rent/submit-job.ts';
export { connectMachine } from './rent/connect-machine.ts';
export { endMachine, type EndMachine } from './rent/end-machine.ts';
export { findOffers, type FoundOffers } from './rent/find-offers.ts';
export { nothingFits, refusalReasons, toldReasons } from './rent/nothing-fits.ts';
export { expectedPrice, rankOffers, type RankedOffers } from './rent/rank-offers.ts';
export type { RentContext, RentedMachine, RentEvent, Wanted } from './rent/types.ts';
export { leaseText, startLease, type Lease, type LeaseOptions, type SelfDestruct } from './watchdog/index.ts';
