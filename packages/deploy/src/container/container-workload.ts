import type { Workload } from '@bench/provisioning';
import type { ContainerRecord } from './container-record.ts';

/** Stands for a secret. */
export const MASK = '***';

/** What is rented for a record: its container, given its key and its environment. */
export function containerWorkload(
  { image, entrypoint, args, apiKey, containerPort }: ContainerRecord,
  given: { apiKey: string; env: Readonly<Record<string, string>> },
): Extract<Workload, { kind: 'container' }> {
  return {
    kind: 'container',
    image,
    entrypoint,
    args: [...args, ...('flag' in apiKey ? [apiKey.flag, given.apiKey] : [])],
    env: { ...given.env, ...('env' in apiKey ? { [apiKey.env]: given.apiKey } : {}) },
    ports: [containerPort],
  };
}

/** The same before anything is rented: its generated key, and every secret, is `***`. Pure. */
export function plannedWorkload(record: ContainerRecord): Extract<Workload, { kind: 'container' }> {
  const env = Object.fromEntries([
    ...Object.entries(record.env).map(([name, value]) => [name, typeof value === 'string' ? value : MASK] as const),
    ...record.passed.map((name) => [name, MASK] as const),
  ]);
  return containerWorkload(record, { apiKey: MASK, env });
}
