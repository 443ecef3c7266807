import type { EngineInfo } from '@bench/core';
import type { Active } from './batch-context.ts';

/** The engine of a deployment, with the digest of the image that its job ran: of the SIF file, for it was made on the cluster of what a tag named then. */
export function engineSeen({ record, look }: Pick<Active, 'record' | 'look'>): EngineInfo {
  const sha256 = look.state('service.image')?.sha256;
  return sha256 === undefined ? record.engine : { ...record.engine, digest: `sha256:${sha256}` };
}
