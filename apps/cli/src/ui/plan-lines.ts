import type { PlannedCloudRun } from '@bench/benchmark';
import { type BenchError, formatDuration, printable, usd } from '@bench/core';
import type { CloudGroup, Range } from '@bench/planner';
import { expectedPrice, toldReasons } from '@bench/provisioning';
import { columns, folded } from './columns.ts';
import { offerPrice, usdPerHour } from './money.ts';
import { gpuText } from './offer-rows.ts';
import type { Styles } from './style.ts';

const HEADER = ['PROVIDER', 'MACHINE', 'GPU', 'WHERE', 'MARKET', 'PRICE'];

interface PlanShown {
  short?: boolean;
  offline?: boolean;
  width?: number | undefined;
}

/** A plan for people: groups, what is chosen for each, what else there is, and about what it takes. `short`: only what is chosen. */
export function planLines(plan: PlannedCloudRun, style: Styles, o: PlanShown = {}): string[] {
  const { cloud, groups } = plan;
  const prices = groups.map(({ offer }) => offer && expectedPrice(offer, cloud)).toSorted((a, b) => (b ?? Infinity) - (a ?? Infinity));
  const atOnce = prices.slice(0, cloud.maxWorkers);
  const most = atOnce.includes(null) ? null : atOnce.reduce((sum: number, price) => sum + (price ?? 0), 0);
  const limits = [
    cloud.maxPriceUsdPerHour === null ? null : `${usdPerHour(cloud.maxPriceUsdPerHour)} a machine`,
    cloud.maxCostUsd === null
      ? null
      : `${usd(cloud.maxCostUsd)} for the run${plan.usd.high > cloud.maxCostUsd ? ', which may end it before it is done' : ''}`,
  ].filter((text) => text !== null);
  const chosen = groups.flatMap(({ offer }) => offer ?? []);
  const dates = (chosen.length > 0 ? chosen : plan.offers).map(({ priceSource: { at } }) => at.slice(0, 10)).toSorted();
  const bare = plan.offers.length === 0 ? 'what is for rent is not known' : 'nothing that fits was for rent when it was last looked at';
  const none = o.offline ? bare : 'nothing that fits is for rent';
  return [
    ...groups.flatMap((group, n) => [
      ...(n > 0 && !o.short ? [''] : []),
      ...groupLines(group, style, { ...o, cloud, none, refusal: refusalOf(plan, group.group.index), whole: refusalOf(plan, null) }),
    ]),
    ...refusalLines(refusalOf(plan, null), style, o),
    ...plan.errors.map(({ error }) => `${style.yellow('not asked:')} ${printable(error.message)}`),
    ...(o.short ? [] : ['']),
    groups.every(({ offer }) => offer === null)
      ? style.bold('estimate: unknown')
      : `${style.bold(`estimate: ${spent(plan)}`)}  in ${range(plan.hours, hours)}; at most ${usdPerHour(most)} at a time`,
    ...(plan.kept === null ? [] : [style.bold(keptText(plan.kept))]),
    ...plan.notes.flatMap((text) => folded(`not counted: ${text}`, { ...o, indent: '  ' }, style).map((line) => style.dim(line))),
    limits.length > 0 ? `limits: ${limits.join(', ')}` : 'limits: none; --max-price and --max-cost set them',
    style.dim(`lifetime of a machine: ${formatDuration(cloud.maxLifetimeS * 1000)}; --lifetime sets it`),
    ...(o.offline
      ? [
          style.yellow(
            dates.length === 0
              ? 'nobody was asked, and nothing is known from before: leave --offline out once'
              : `nobody was asked: offers and prices as they were last known, the oldest of ${dates[0] ?? ''}`,
          ),
        ]
      : []),
    ...(o.short ? [] : plan.assumptions.flatMap((text) => folded(text, { ...o, indent: '  ' }, style).map((line) => style.dim(line)))),
  ];
}

/** Where no price is known, nothing is; no "at least $0.00". */
function spent({ groups, atLeast, usd: estimate }: PlannedCloudRun): string {
  if (groups.every((group) => group.usd === null)) return 'unknown costs';
  return `${atLeast ? 'at least ' : ''}${range(estimate, usd)}`;
}

/** `kept up to 8h 00m: up to $172.00 more`. */
function keptText(kept: NonNullable<PlannedCloudRun['kept']>): string {
  const text = `kept up to ${formatDuration(kept.hours * 3_600_000)}: `;
  if (kept.usd === null) return `${text}what that costs is not known`;
  return `${text}up to ${usd(kept.usd)} more${kept.atLeast ? ', and what is not known of its price' : ''}`;
}

function groupLines(
  g: CloudGroup,
  style: Styles,
  {
    cloud,
    none,
    refusal,
    whole,
    ...o
  }: PlanShown & { cloud: PlannedCloudRun['cloud']; none: string; refusal: BenchError | null; whole: BenchError | null },
): string[] {
  const tasks = g.group.deployments.flatMap((d) => d.tasks);
  const [first] = tasks;
  const name = first === undefined ? '' : `${first.recipe}/${first.variant}${tasks.length > 1 ? ` and ${tasks.length - 1} more` : ''}`;
  const offers = [...(g.offer === null ? [] : [g.offer]), ...(o.short ? [] : g.alternatives)];
  // Where there is one offer it needs no mark.
  const marked = g.offer !== null && offers.length > 1;
  const rows = offers.map((offer, n) => [
    // What would be refused is not chosen.
    ...(marked ? [n > 0 ? '' : (refusal ?? whole) ? 'BEST' : 'CHOSEN'] : []),
    offer.provider,
    offer.instanceType,
    gpuText(offer.gpu),
    offer.zone ?? offer.region,
    offer.market,
    offerPrice(offer, cloud),
  ]);
  const table =
    rows.length === 0
      ? []
      : columns(marked ? ['', ...HEADER] : HEADER, rows, style, { width: o.width, whole: marked ? [0, 6] : [5] })
          .trimEnd()
          .split('\n');
  const takes = [...(g.hours === null ? [] : [range(g.hours, hours)]), g.usd === null ? 'unknown costs' : range(g.usd, usd)];
  return [
    [
      `${style.bold(`group ${g.group.index}`)}  ${printable(name)}  ${style.dim(g.points === 0 ? 'deployed only' : `${g.points} point${g.points === 1 ? '' : 's'}`)}`,
      ...(g.offer === null ? [] : [takes.join(', ')]),
    ].join('  '),
    ...table,
    ...refusalLines(refusal, style, o),
    ...(g.offer === null && !refusal ? [style.red(none)] : []),
    // Where nothing fits, the refusal says why.
    ...((o.short && g.offer !== null) || (refusal && g.offer === null) ? [] : leftOutLines(g.refused, style)),
  ];
}

/** Why offers were left out, and how many for reasons that are not shown. */
export function leftOutLines(reasons: CloudGroup['refused'], style: Styles): string[] {
  return toldReasons(reasons, { most: 6, line: (reason, count) => style.dim(`left out ${count}: ${printable(reason)}`) });
}

const refusalOf = ({ refusals }: PlannedCloudRun, group: number | null) => refusals.find((one) => one.group === group)?.error ?? null;

function refusalLines(refusal: BenchError | null, style: Styles, o: PlanShown): string[] {
  if (!refusal) return [];
  const [first = '', ...rest] = refusal.message.split('\n').map(printable);
  const would = o.offline ? 'by what was last known, bench run would refuse this' : 'bench run would refuse this';
  const lines = (text: string, indent: string) => folded(text.trim(), { ...o, indent }, style);
  return [
    ...lines(`${would}: ${first}`, '').map(style.red),
    ...rest.flatMap((text) => lines(text, '  ')),
    ...(refusal.hint ?? '').split('\n').flatMap((text) => (text === '' ? [] : lines(`hint: ${text}`, '  ').map(style.dim))),
  ];
}

function range({ low, high }: Range, text: (n: number) => string): string {
  const [from, to] = [text(low), text(high)];
  return from === to ? from : `${from} to ${to}`;
}
const hours = (n: number) => (n >= 1 ? `${n.toFixed(1)} h` : `${Math.max(1, Math.round(n * 60))} min`);
