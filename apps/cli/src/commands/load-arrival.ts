import { highestConcurrency, type LoadSpecInput } from '@bench/core';
import { usage } from '../asked.ts';
import { durationFlag } from '../duration-flag.ts';

/** The flags of `bench load` that say when requests are sent. */
export interface ArrivalFlags {
  rate?: number | undefined;
  arrival: string;
  burstiness: number;
  stages?: string | undefined;
  bursts?: string | undefined;
  ramp?: string | undefined;
  speed?: number | undefined;
}

/** What `program.ts` gives when nothing was said. */
const UNSAID = { arrival: 'poisson', burstiness: 1 } as const;

/** @throws BenchError `BENCH_USAGE` for flags that contradict each other, or of which one would be passed over, or that cannot be read */
export function refuseContradictoryArrivals(flags: ArrivalFlags, isTrace: boolean): void {
  const { rate, arrival, burstiness, stages, bursts, ramp } = flags;
  const said = Object.entries({ '--rate': rate, '--stages': stages, '--bursts': bursts, '--ramp': ramp }).flatMap(([flag, v]) =>
    v === undefined ? [] : [flag],
  );
  if (isTrace && said.length > 0)
    throw usage(`a trace has arrivals of its own, and ${said[0]} says others`, `leave ${said[0]} out, or --dataset`);
  if (!isTrace && flags.speed !== undefined) throw usage('--speed is for a trace', 'add --dataset mooncake:PATH, or leave --speed out');
  if (said.length > 1) throw usage(`${said.join(' and ')} each say when requests are sent`, 'keep one of them');
  if (arrival !== UNSAID.arrival && rate === undefined && stages === undefined)
    throw usage(`--arrival ${arrival} is for an open loop with a rate`, 'add --rate or --stages, or leave --arrival out');
  if (arrival === 'gamma' && stages !== undefined)
    throw usage('the arrivals of --stages are poisson or constant', 'leave --arrival gamma out');
  if (burstiness !== UNSAID.burstiness && (arrival !== 'gamma' || rate === undefined))
    throw usage('--burstiness is the shape of gamma intervals', 'add --rate and --arrival gamma, or leave --burstiness out');
  // What cannot be read is told of before a server is asked for anything.
  arrivalOf(flags, isTrace);
}

/** The arrivals that the flags ask for. @throws BenchError `BENCH_USAGE` for stages or bursts that cannot be read */
export function arrivalOf(flags: ArrivalFlags, isTrace: boolean): NonNullable<LoadSpecInput['arrival']> {
  if (isTrace) return { kind: 'trace', speed: flags.speed ?? 1 };
  if (flags.bursts !== undefined) return burstsOf(flags.bursts);
  if (flags.stages !== undefined) return stagesOf(flags.stages, flags.arrival === 'constant' ? 'constant' : 'poisson');
  if (flags.ramp !== undefined) return rampOf(flags.ramp);
  if (flags.rate === undefined) return { kind: 'closed' };
  const kind = flags.arrival as 'poisson' | 'constant' | 'gamma';
  return kind === 'gamma' ? { kind, ratePerS: flags.rate, burstiness: flags.burstiness } : { kind, ratePerS: flags.rate };
}

function burstsOf(text: string): NonNullable<LoadSpecInput['arrival']> {
  const match = /^(\d+):(.+)$/.exec(text);
  const size = Number(match?.[1]);
  const everyMs = match ? durationFlag('--bursts', match[2] as string) : 0;
  if (size === 0 || everyMs === 0 || !match) throw usage(`--bursts ${text}: expected requests and time, such as 20:5s`);
  return { kind: 'bursts', size, everyMs };
}

function rampOf(text: string): NonNullable<LoadSpecInput['arrival']> {
  const stages = text.split(',').map((stage) => {
    const match = /^([^:]+):(\d+)(?:-(\d+))?$/.exec(stage.trim());
    const durationMs = match ? durationFlag('--ramp', match[1] as string) : 0;
    if (!match || durationMs === 0) throw usage(`--ramp ${text}: expected times and requests in flight, such as 60s:0-32,5m:32`);
    return { durationMs, concurrency: Number(match[2]), ...(match[3] === undefined ? {} : { toConcurrency: Number(match[3]) }) };
  });
  if (highestConcurrency(stages) === 0) throw usage(`--ramp ${text}: no stage has a request in flight`);
  return { kind: 'closed', stages };
}

function stagesOf(text: string, process: 'poisson' | 'constant'): NonNullable<LoadSpecInput['arrival']> {
  const stages = text.split(',').map((stage) => {
    const match = /^([^:]+):(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(stage.trim());
    const durationMs = match ? durationFlag('--stages', match[1] as string) : 0;
    if (!match || durationMs === 0) throw usage(`--stages ${text}: expected times and rates, such as 30s:5,60s:5-50`);
    return { durationMs, ratePerS: Number(match[2]), ...(match[3] === undefined ? {} : { toRatePerS: Number(match[3]) }) };
  });
  if (stages.every((s) => s.ratePerS === 0 && (s.toRatePerS ?? 0) === 0)) throw usage(`--stages ${text}: no stage has a rate`);
  return { kind: 'stages', process, stages };
}
