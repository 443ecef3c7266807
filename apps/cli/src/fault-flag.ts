import type { Misbehaviour, TestServerOptions } from '@bench/loadgen/testing';
import { usage } from './asked.ts';
import { FAULT_KINDS, type FaultTimes, KINDS } from './fault-kinds.ts';

/** Reads `KIND[:N]`: one request in N, or every one, goes wrong like this. @throws BenchError `BENCH_USAGE` */
export function faultFlag(text: string, times: FaultTimes): NonNullable<TestServerOptions['faults']>[number] {
  const [kind = '', count, ...more] = text.split(':');
  const status = /^http-([45]\d\d)$/.exec(kind)?.[1];
  const fault: Misbehaviour | undefined =
    status === undefined ? (Object.hasOwn(KINDS, kind) ? KINDS[kind]?.(times) : undefined) : { kind: 'status', status: Number(status) };
  if (!fault) throw usage(`--fault ${text}: there is no fault "${kind}"`, `there are ${FAULT_KINDS}`);
  const oneIn = Number(count ?? 1);
  if (more.length > 0 || !Number.isSafeInteger(oneIn) || oneIn < 1)
    throw usage(`--fault ${text}: expected ${kind} or ${kind}:N, one request in N`);
  return { fault, oneIn };
}
