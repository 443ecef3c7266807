import type { LoadSpec, RequestRecord } from '@bench/core';

type Slo = LoadSpec['slo'];

/** Is there any limit to be met? A key without a value is none. */
export function hasLimits(slo: Slo): boolean {
  return Object.values(slo).some((limit) => limit !== undefined);
}

/** Is there any in a load, its own or one of a class? */
export function anyLimits({ slo, classes = [] }: Pick<LoadSpec, 'slo' | 'classes'>): boolean {
  return [slo, ...classes.map((each) => each.slo ?? {})].some(hasLimits);
}

/** The limits that each request is to meet: those of its class, where that has its own. */
export function limitsOf({ slo, classes = [] }: Pick<LoadSpec, 'slo' | 'classes'>): (record: Pick<RequestRecord, 'class'>) => Slo {
  const own = new Map(classes.flatMap((each) => (each.slo ? [[each.name, each.slo] as const] : [])));
  return (record) => (record.class === undefined ? undefined : own.get(record.class)) ?? slo;
}
