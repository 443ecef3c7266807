import { formatPercent, formatShort } from '../format.ts';
import type { ReportRow } from '../rows.ts';
import { type Evidence, evidenceOf } from './evidence.ts';

/** What may hold a load back. */
export type BottleneckKind = 'client' | 'queueing' | 'kv_cache' | 'throttling' | 'idle_gpu' | 'cpu' | 'network' | 'failures';

/** What a check found at one load. */
export interface Finding {
  /** A sentence, without where. */
  words: string;
  evidence: Evidence[];
}

/** Looks for one limit. */
export interface Check {
  kind: BottleneckKind;
  title: string;
  /** From when on it is said. */
  threshold: string;
  suggestion: string;
  /** Null: not at this load. `first`: the lowest load that was measured. */
  find(row: ReportRow, first: ReportRow): Finding | null;
  /** Why it cannot be judged of a row; null: it can. */
  unknown(row: ReportRow): string | null;
}

const WAITING = 1;
const TTFT_GROWTH = 3;
const TPOT_GROWTH = 1.5;
const KV_FULL = 0.95;
const THROTTLED = 0.1;
const HOT_C = 85;
const CPU_MEAN = 0.9;
const GPU_IDLE = 0.5;
const ERRORS = 0.01;

const scalar = (row: ReportRow, name: string): number => row.scalars[name] ?? 0;
const has = (row: ReportRow, name: string): boolean => row.scalars[name] !== undefined;
const flag = (row: ReportRow, code: string) => row.flags.find((each) => each.code === code);
const notSampled = 'nothing was sampled';
const lacks =
  (...names: string[]) =>
  (row: ReportRow) =>
    names.some((name) => has(row, name)) ? null : notSampled;
const foreign = (row: ReportRow) => (row.source.kind === 'run' ? null : 'another tool measured it');
const growth = (row: ReportRow, first: ReportRow, name: string): number | null => {
  const [a, b] = [first.distributions[name]?.p50, row.distributions[name]?.p50];
  return a && b ? b / a : null;
};

/** Everything that is looked for, in the order of how much it puts the rest in doubt. */
export const CHECKS: readonly Check[] = [
  {
    kind: 'client',
    title: 'The client',
    threshold: 'the point is marked as bound by its client, or less than 98 % of its rate was sent',
    suggestion: 'send from a machine with more or freer cores, or from several clients: what is measured here is not the server',
    find(row) {
      const own = flag(row, 'client_bound') ?? flag(row, 'rate_missed');
      return own
        ? { words: `the program that sent the load was at its own limit: ${own.message}`, evidence: evidenceOf(row, ['queue_ms p99']) }
        : null;
    },
    unknown: foreign,
  },
  {
    kind: 'failures',
    title: 'Failed requests',
    threshold: `${formatPercent(ERRORS)} of the requests failed`,
    suggestion: 'the log of the engine says why; latency and throughput are those of the requests that were answered',
    find(row) {
      if (scalar(row, 'error_ratio') < ERRORS) return null;
      const classes = Object.entries(row.errors)
        .sort((a, b) => b[1] - a[1])
        .map(([name, count]): Evidence => ({ name: `errors ${name}`, label: name, value: formatShort(count) }));
      return {
        words: `${formatPercent(scalar(row, 'error_ratio'))} of the requests failed`,
        evidence: [...evidenceOf(row, ['error_ratio']), ...classes],
      };
    },
    unknown: (row) => (has(row, 'error_ratio') ? null : 'failed requests were not counted'),
  },
  {
    kind: 'kv_cache',
    title: 'KV cache',
    threshold: `${formatPercent(KV_FULL)} of it in use while requests wait, or requests thrown out of the batch`,
    suggestion:
      'give it more memory (a smaller context_length, a higher gpu_memory_utilization, an 8-bit cache, more GPUs), or send less at once',
    find(row) {
      const preempted = scalar(row, 'engine_preemptions');
      const full = scalar(row, 'kv_cache_max') >= KV_FULL && scalar(row, 'engine_waiting_max') >= WAITING;
      if (!full && preempted < 1) return null;
      const words = full
        ? `the KV cache was full (${formatPercent(scalar(row, 'kv_cache_max'))}) while requests waited`
        : 'there was no room in the KV cache for all that ran';
      const out = preempted >= 1 ? `, and ${formatShort(preempted)} requests were thrown out of the batch to begin again` : '';
      return {
        words: words + out,
        evidence: evidenceOf(row, ['kv_cache_max', 'kv_cache_mean', 'engine_preemptions', 'engine_waiting_max']),
      };
    },
    unknown: lacks('kv_cache_max'),
  },
  {
    kind: 'queueing',
    title: 'Queue of the engine',
    threshold: `a mean of ${WAITING} request waiting; where nobody asked the engine, TTFT p50 ${TTFT_GROWTH} times that of the lowest load while TPOT p50 is below ${TPOT_GROWTH} times`,
    suggestion:
      'let the engine take more at once (max_concurrent_requests) while the KV cache has room, add replicas or GPUs, or send less at once',
    find(row, first) {
      const waiting = scalar(row, 'engine_waiting_mean');
      if (has(row, 'engine_waiting_mean'))
        return waiting < WAITING
          ? null
          : {
              words: `${formatShort(waiting)} requests waited in the engine on average, ${formatShort(scalar(row, 'engine_running_mean'))} were worked on`,
              evidence: evidenceOf(row, [
                'engine_waiting_mean',
                'engine_waiting_max',
                'engine_running_mean',
                'kv_cache_max',
                'ttft_ms p50',
                'ttft_ms p99',
              ]),
            };
      const [ttft, tpot] = [growth(row, first, 'ttft_ms'), growth(row, first, 'tpot_ms')];
      if (row === first || ttft === null || tpot === null || ttft < TTFT_GROWTH || tpot >= TPOT_GROWTH) return null;
      return {
        words: `first tokens took ${formatShort(Number(ttft.toPrecision(2)))} times as long as at the lowest load, and the others only ${formatShort(Number(tpot.toPrecision(2)))} times: requests seem to wait before they are worked on`,
        evidence: evidenceOf(row, ['ttft_ms p50', 'ttft_ms p99', 'tpot_ms p50']),
      };
    },
    unknown: (row) => (has(row, 'engine_waiting_mean') || (row.distributions.ttft_ms && row.distributions.tpot_ms) ? null : notSampled),
  },
  {
    kind: 'throttling',
    title: 'Power or heat',
    threshold: `clocks of a GPU held back in ${formatPercent(THROTTLED)} of the samples, or a GPU at ${HOT_C} °C`,
    suggestion: 'look at the power limit and the cooling (nvidia-smi -q -d PERFORMANCE): another machine of this kind may be faster',
    find(row) {
      const held = scalar(row, 'gpu_throttled_ratio');
      const hot = scalar(row, 'gpu_temperature_max');
      if (held < THROTTLED && hot < HOT_C) return null;
      const words =
        held >= THROTTLED
          ? `power, heat or a brake held the clocks of a GPU back in ${formatPercent(held)} of the samples`
          : `a GPU was at ${formatShort(hot)} °C`;
      return { words, evidence: evidenceOf(row, ['gpu_throttled_ratio', 'gpu_temperature_max', 'gpu_power_max', 'gpu_clock_mean']) };
    },
    unknown: lacks('gpu_throttled_ratio'),
  },
  {
    kind: 'cpu',
    title: 'CPU of the machine',
    threshold: `all cores together ${formatPercent(CPU_MEAN)} busy on average`,
    suggestion:
      'take a machine with more cores for each GPU, or send the load from another one; that a single core is at its limit cannot be seen here',
    find(row) {
      const mean = scalar(row, 'host_cpu_mean');
      return mean < CPU_MEAN
        ? null
        : {
            words: `its cores were ${formatPercent(mean)} busy on average`,
            evidence: evidenceOf(row, ['host_cpu_mean', 'host_cpu_max', 'gpu_util_mean']),
          };
    },
    unknown: lacks('host_cpu_mean'),
  },
  {
    kind: 'idle_gpu',
    title: 'GPU not busy',
    threshold: `GPUs in use for less than ${formatPercent(GPU_IDLE)} of the time at the highest load`,
    suggestion: 'the limit lies elsewhere: in the load, the client, the CPU of the machine or how the engine schedules; try higher loads',
    find(row) {
      if (!has(row, 'gpu_util_mean') || scalar(row, 'gpu_util_mean') >= GPU_IDLE) return null;
      return {
        words: `something ran on the GPUs for ${formatPercent(scalar(row, 'gpu_util_mean'))} of the time only`,
        evidence: evidenceOf(row, ['gpu_util_mean', 'host_cpu_mean', 'engine_running_mean']),
      };
    },
    unknown: lacks('gpu_util_mean'),
  },
  {
    kind: 'network',
    title: 'Network',
    threshold: 'the load came through a tunnel, or tokens arrived in bunches',
    suggestion: 'send from next to the engine; with tokens in bunches, read TPOT rather than gaps between tokens',
    find(row) {
      const [tunnel, bunches] = [flag(row, 'tunnelled'), flag(row, 'coalesced')];
      const own = [tunnel, bunches].flatMap((each) => each ?? []);
      if (own.length === 0) return null;
      // The point keeps the number in its flag only.
      const [each] = /^\d+(\.\d+)?(?= token events)/.exec(bunches?.message ?? '') ?? [];
      return {
        words: own.map(({ message }) => message).join('; '),
        evidence: [
          ...(tunnel ? evidenceOf(row, ['ttfb_ms p50']) : []),
          ...(each === undefined ? [] : [{ name: 'coalesced', label: 'Token events a read', value: each }]),
        ],
      };
    },
    unknown: foreign,
  },
];
