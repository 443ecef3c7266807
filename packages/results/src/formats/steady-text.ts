import type { Distribution, LoadPointResult, SteadyResult } from '@bench/core';

/** The steady state beside the whole run: lines of text. Figures that neither has are left out. */
export function steadyText(point: LoadPointResult, steady: SteadyResult): string[] {
  const { fromMs, toMs, counts } = steady;
  const rows = FIGURES.flatMap(([name, of]) => {
    const [whole, its] = [of(point), of(steady)];
    return whole === undefined && its === undefined ? [] : [line(name, [cell(whole), cell(its)])];
  });
  return [
    `steady from ${seconds(fromMs)} to ${seconds(toMs)}, ${counts.sent} of ${point.counts.sent} requests; the headline is the whole run`,
    line('', ['whole run', 'steady']),
    ...rows,
  ];
}

type Figures = Pick<SteadyResult, 'scalars' | 'distributions'>;
type Figure = readonly [name: string, of: (figures: Figures) => number | undefined];

const scalar = (name: string, key: string): Figure => [name, ({ scalars }) => scalars[key]];
const latency = (name: string, key: string): Figure[] =>
  (['p50', 'p99'] as const).map((at: keyof Distribution): Figure => [`${name} ${at}, ms`, ({ distributions }) => distributions[key]?.[at]]);

const FIGURES: readonly Figure[] = [
  scalar('req/s', 'request_throughput'),
  scalar('out tok/s', 'output_throughput'),
  scalar('total tok/s', 'total_token_throughput'),
  ...latency('TTFT', 'ttft_ms'),
  ...latency('TPOT', 'tpot_ms'),
  ...latency('ITL', 'itl_ms'),
  ...latency('ICL', 'icl_ms'),
  ...latency('E2EL', 'e2el_ms'),
];

const cell = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(2));
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((each) => each.padStart(13)).join('');
}
