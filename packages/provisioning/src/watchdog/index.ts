export { leaseText } from './lease-text.ts';
export type { SelfDestruct } from './request-files.ts';
export { startLease, type Lease, type LeaseOptions } from './start-lease.ts';
