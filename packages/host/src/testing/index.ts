export type { ContractCase, HostContractOptions } from './contract-case.ts';
export { hostContract } from './host-contract.ts';
