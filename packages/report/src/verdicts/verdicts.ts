import { FLAG_WORDS } from '../flags.ts';
import { formatMs, formatNumber, formatPercent, formatShort, formatUsd } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { mainLatency, mainThroughput } from '../headline.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { HOLDS, holds, searchOf } from '../saturation/slo.ts';
import { askedShareText } from '../slo/asked-text.ts';
import { confidenceOf, type Confidence } from './confidence.ts';
import { type Contender, contenders } from './contenders.ts';
import { type Contest, contestsOf } from './contests.ts';
import { otherLimits } from './other-limits.ts';
import { flattering, mainSlo, type Question, questionsOf, sloText } from './questions.ts';
import { unequalLoads } from './unequal-loads.ts';

/** What is best for one thing, why, and how sure that is. */
export interface Verdict {
  kind: Question['kind'];
  /** `Fastest`. */
  title: string;
  /** The figure, fit to be shown, and its unit with what must be read beside it: `TTFT p50, p99 68 s`. */
  value: string;
  unit: string;
  /** Its name, and the point of it. */
  winner: { contender: Contender; row: ReportRow };
  /** `vllm-tp8, 64 concurrent`; of one contender alone its point. */
  where: string;
  /** The figures against the next, and what comes with it; a sentence or two. */
  reason: string;
  confidence: Confidence;
  /** Who was not measured at such a load, a sentence; null: all were, or it is not known. */
  unequal: string | null;
  /** What a reader must know before believing it, a sentence each. */
  caveats: string[];
}

/** One kind of work, and what is best at it. */
export interface ContestVerdicts {
  contest: Contest;
  verdicts: Verdict[];
  /** Why a question has no answer, a sentence each. */
  unanswered: string[];
}

/** What is best for what, of everything that was measured with loads; one entry for each kind of work. Pure. */
export function verdictsOf(groups: readonly TaskGroup[]): ContestVerdicts[] {
  return contestsOf(contenders(groups)).map((contest) => {
    const rows = contest.contenders.flatMap(({ measured }) => measured);
    const questions = questionsOf(rows);
    const verdicts = questions.flatMap((question) => verdict(question, contest) ?? []);
    return { contest, verdicts, unanswered: unanswered(rows, verdicts) };
  });
}

interface Entry {
  contender: Contender;
  row: ReportRow;
  value: number;
}

function verdict(question: Question, { contenders: list }: Contest): Verdict | null {
  const sign = question.better === 'higher' ? -1 : 1;
  const entries = list
    .flatMap((contender) =>
      contender.measured.flatMap((row): Entry[] => {
        const value = question.of(row);
        return value === null ? [] : [{ contender, row, value }];
      }),
    )
    .sort((a, b) => sign * (a.value - b.value));
  const flattered = ({ row }: Entry) => flattering(question, row).length > 0;
  const best = entries.find((entry) => !flattered(entry)) ?? entries[0];
  if (!best) return null;
  const passed = entries.slice(0, entries.indexOf(best));
  const others = entries.filter(({ contender }) => contender !== best.contender);
  const next = others.find((entry) => !flattered(entry)) ?? others[0] ?? null;
  const name = ({ contender, row }: Entry) => (list.length > 1 ? `${contender.name}, ${pointLabel(row)}` : pointLabel(row));
  return {
    kind: question.kind,
    title: question.title,
    value: question.format(best.value),
    unit: [question.unit, question.beside?.(best.row)].filter(Boolean).join(', '),
    winner: { contender: best.contender, row: best.row },
    where: name(best),
    reason: [next && against(question, best, next), ...withIt(question, best.row)].filter(Boolean).join(' '),
    confidence: confidenceOf(question, best.row, rivals(others)),
    unequal: unequalLoads(
      best.row,
      list.filter((contender) => contender !== best.contender),
    ),
    caveats: [
      ...caveats(question, { best, passed, entries, name }),
      ...(question.kind === 'slo' ? [otherLimits(sloText(best.row.slo), list)] : []).filter((sentence) => sentence !== null),
    ],
  };
}

/** The best point of each, the nearest first. */
function rivals(others: readonly Entry[]): { row: ReportRow; name: string }[] {
  const first = new Map<Contender, ReportRow>();
  for (const { contender, row } of others) if (!first.has(contender)) first.set(contender, row);
  return [...first].map(([{ name }, row]) => ({ row, name }));
}

/** `18 % more than sglang-tp8 (1,045 at 64 concurrent).` */
function against(question: Question, best: Entry, next: Entry): string {
  const ratio = Math.max(best.value, next.value) / Math.min(best.value, next.value);
  const higher = best.value >= next.value;
  const by =
    ratio < 1.0005
      ? 'The same as'
      : higher
        ? ratio >= 2
          ? `${formatShort(Number(ratio.toPrecision(2)))}× as much as`
          : `${formatPercent(ratio - 1)} more than`
        : `${formatPercent(1 - 1 / ratio)} less than`;
  const figures = [question.format(next.value), question.beside?.(next.row)].filter(Boolean).join(', ');
  return `${by} ${next.contender.name} (${figures} at ${pointLabel(next.row)}).`;
}

/** What a reader gets beside it, and pays for it. */
function withIt(question: Question, row: ReportRow): string[] {
  const { kind } = question;
  if (kind === 'cheapest')
    return row.priceUsdPerHour === null
      ? []
      : [`The machine costs ${formatUsd(row.priceUsdPerHour)} an hour${row.priceSource ? ` (${row.priceSource})` : ''}.`];
  if (kind === 'quickest') {
    const tpot = row.distributions.tpot_ms?.p50;
    // Gaps that describe the socket say nothing about how text appears.
    const bunched = row.flags.some(({ code }) => code === 'coalesced');
    return tpot && !bunched ? [`Text then comes at ${formatShort(1000 / tpot)} tokens per second for each user.`] : [];
  }
  if (kind === 'slo') {
    const good = row.scalars.good_ratio;
    if (row.askedSlo?.from === 'percentiles')
      return [`By its percentiles, ${askedShareText(row)} % of the requests meet ${sloText(row.slo)}.`];
    return good === undefined ? [] : [`${formatPercent(good)} of the requests meet ${sloText(row.slo)}.`];
  }
  const latency = mainLatency([row]);
  const tail = latency && row.distributions[latency.name];
  if (!latency || tail?.p50 === undefined) return [];
  const what = latency.label === 'TTFT' ? 'their first token' : 'their answer';
  return [
    `Half of the requests wait ${formatMs(tail.p50)} or less for ${what}${tail.p99 === undefined ? '' : `, one in a hundred more than ${formatMs(tail.p99)}`}.`,
  ];
}

interface Placing {
  best: Entry;
  /** Better by their figures, and not crowned. */
  passed: Entry[];
  entries: Entry[];
  name(entry: Entry): string;
}

function caveats(question: Question, { best, passed, entries, name }: Placing): string[] {
  const out: string[] = [];
  const titles = ({ row }: Entry) => flattering(question, row).map(({ code }) => FLAG_WORDS[code].title.toLowerCase());
  const [first] = passed;
  if (first) out.push(`${name(first)} reads better (${question.format(first.value)}), but is doubted: ${titles(first).join(', ')}.`);
  const doubts = best.row.flags.filter(({ code }) => FLAG_WORDS[code].weight === 'doubt');
  for (const { code, message } of doubts) out.push(`${FLAG_WORDS[code].title}: ${message}.`);
  const tail = quickerTail(question, entries);
  if (tail && tail.contender !== best.contender)
    out.push(`By p99, ${name(tail)} is quicker: ${question.format(question.tail?.(tail.row) ?? 0)}.`);
  if (question.kind === 'fastest') {
    const perGpu = perGpuLeader(entries);
    if (perGpu && perGpu.contender !== best.contender)
      out.push(`Per GPU, ${name(perGpu)} gives most: ${formatShort(perGpu.value / perGpu.row.gpuCount)} ${question.unit}.`);
  }
  return out;
}

/** Whose slowest requests wait least, of those whose figures are not doubted; null: the question is not of waiting. */
function quickerTail(question: Question, entries: readonly Entry[]): Entry | null {
  const { tail } = question;
  if (!tail) return null;
  const sound = entries.filter(({ row }) => tail(row) !== null && flattering(question, row).length === 0);
  return [...sound].sort((a, b) => (tail(a.row) ?? 0) - (tail(b.row) ?? 0))[0] ?? null;
}

/** Null: all have as many GPUs, or of some it is not known. */
function perGpuLeader(entries: readonly Entry[]): Entry | null {
  const counts = new Set(entries.map(({ row }) => row.gpuCount));
  if (counts.size < 2 || counts.has(0)) return null;
  return [...entries].sort((a, b) => b.value / b.row.gpuCount - a.value / a.row.gpuCount)[0] ?? null;
}

function unanswered(rows: readonly ReportRow[], verdicts: readonly Verdict[]): string[] {
  const answered = new Set(verdicts.map(({ kind }) => kind));
  const limits = mainSlo(rows);
  return [
    !answered.has('cheapest') && mainThroughput(rows) ? 'Cheapest: the price of the machines is not known.' : null,
    answered.has('slo')
      ? null
      : limits === null
        ? 'Best under the SLO: no limits were named. `slo: {ttft_ms: 500, tpot_ms: 50}` in the benchmark of a recipe names them, `bench report --slo ttft_ms=500` asks for them afterwards.'
        : rows.some(searchOf)
          ? `Best under the SLO (${limits}): no point is known to hold it, by the limits that its search had.`
          : `Best under the SLO (${limits}): no point ${rows.some((row) => holds(row) === null) ? 'is known to hold' : 'holds'} it, which is ${formatNumber(HOLDS * 100, 0)} % of the requests within all limits.`,
  ].filter((sentence) => sentence !== null);
}
