export { providerError, providerErrorKind, type ProviderErrorInit, type ProviderErrorKind } from './error.ts';
export type { Machine, MachineConnection, MachineRef, MachineSpec, MachineState, Workload } from './machine.ts';
export { LABELS, machineName, OWNER_IN_NAME, parseMachineName } from './name.ts';
export type { Market, Offer, OfferCriteria, OfferQuery, PriceSource, WorkloadKind } from './offer.ts';
export {
  CONTRACT_VERSION,
  type CallLimit,
  type CallOptions,
  type Capabilities,
  type CheckItem,
  type CheckReport,
  type Deadlines,
  type Provider,
  type ProviderAnswer,
  type ProviderContext,
  type ProviderFactory,
  type ProviderRequest,
} from './provider.ts';
export { readSecret, secretRefSchema, type SecretRef } from './secret.ts';
