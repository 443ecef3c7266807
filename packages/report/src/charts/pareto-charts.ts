import { formatShort, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { saturation } from '../saturation/saturation.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { type Contender, contenders } from '../verdicts/contenders.ts';
import { type Contest, contestsOf } from '../verdicts/contests.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { type ChartSeries, lineChart } from './line-chart.ts';
import { linearScale, scaleFor } from './scale.ts';
import { drawnSetups, frontOf, type Setup, setupsOf } from './setups.ts';
import { type TradeOff, tradeOffs } from './trade-offs.ts';

/** Kinds of work that are drawn. */
const MAX_CONTESTS = 6;
/** Colours of the palette; setups past them have hollow marks and dashed lines. */
const COLORS = 8;
/** Contenders whose points are labelled, and whose knee is marked; of more there is no room. */
const MAX_LABELLED = 6;

/** What can be had together in one kind of work. */
export interface ParetoBlock {
  contest: Contest;
  setups: Setup[];
  /** At least one. */
  trades: [TradeOff, ...TradeOff[]];
  /** At least one. */
  charts: [DrawnChart, ...DrawnChart[]];
}

/** Blocks of the kinds of work with something to choose among, and of how many more there is none. */
export function paretoBlocks(groups: readonly TaskGroup[]): { blocks: ParetoBlock[]; left: number } {
  const contests = contestsOf(contenders(groups)).filter((contest) => contest.contenders.length > 1);
  const blocks = contests.slice(0, MAX_CONTESTS).flatMap((contest, i): ParetoBlock[] => {
    const setups = setupsOf(contest);
    const [trade, ...more] = tradeOffs(setups.flatMap(({ points }) => points.map(({ row }) => row)));
    if (!trade) return [];
    const name = contests.length > 1 ? contest.name : null;
    const [first, ...rest] = [trade, ...more].flatMap((each) => paretoChart(each, setups, { id: `pareto-${i}-${each.id}`, name }) ?? []);
    return first ? [{ contest, setups, trades: [trade, ...more], charts: [first, ...rest] }] : [];
  });
  return { blocks, left: Math.max(0, contests.length - MAX_CONTESTS) };
}

/** The charts of all blocks. */
export const paretoCharts = (groups: readonly TaskGroup[]): DrawnChart[] => paretoBlocks(groups).blocks.flatMap(({ charts }) => charts);

/** One trade-off of one kind of work: a front a setup, the common one behind them; SLO and knees are marked. Null: no two points have both figures. */
function paretoChart(trade: TradeOff, all: readonly Setup[], { id, name }: { id: string; name: string | null }): DrawnChart | null {
  const { x, y, title } = trade;
  const setups = drawnSetups(all, trade);
  const rows = setups.flatMap(({ points }) => points.map(({ row }) => row));
  const xs = rows.flatMap((row) => x.of(row) ?? []);
  const ys = rows.flatMap((row) => y.of(row) ?? []);
  if (xs.length < 2 || ys.length < 2) return null;
  const choices = [...new Set(setups.flatMap(({ points }) => points.map(({ contender }) => contender)))];
  const roomy = choices.length <= MAX_LABELLED;
  const knees = new Map(roomy ? choices.flatMap(kneeOf) : []);
  const frontier = { x: x.better, y: y.better };
  const pointsOf = ({ points }: Setup, labelled: boolean): ChartSeries['points'] =>
    points.flatMap(({ contender, row }) => {
      const [a, b] = [x.of(row), y.of(row)];
      if (a === null || b === null) return [];
      const ring = knees.get(row);
      return [
        {
          x: a,
          y: b,
          of: row.id,
          title: `${contender.name}, ${pointLabel(row)}: ${x.format(a)}, ${y.format(b)}`,
          ...(labelled && row.axis ? { label: formatShort(row.axis.value) } : {}),
          ...(labelled && ring !== undefined ? { ring } : {}),
        },
      ];
    });
  const series: ChartSeries[] = setups.map((setup, i) => ({
    name: setup.name,
    color: `c${i % COLORS}`,
    dashed: i >= COLORS,
    marker: i >= COLORS ? 'hollow' : 'full',
    frontier,
    points: pointsOf(setup, roomy),
  }));
  const common: ChartSeries[] =
    setups.length > 1 ? [{ color: 'front', wide: true, frontier, points: setups.flatMap((setup) => pointsOf(setup, false)) }] : [];
  const yScale = scaleFor(ys, { ratio: 20 });
  const xScale = x.better === 'lower' ? scaleFor(xs, { ratio: 20 }) : linearScale(Math.max(...xs));
  const log = (scale: typeof yScale) => (scale.kind === 'log' ? ' (log scale)' : '');
  const front = frontOf(setups, trade);
  return {
    id,
    names: name === null ? [] : [name],
    title,
    subtitle: [
      name,
      `${x.better === 'higher' ? 'right' : 'left'} and ${y.better === 'higher' ? 'up' : 'down'} is better`,
      knees.size > 0 ? 'a ring marks a knee' : null,
    ]
      .filter(Boolean)
      .join('; '),
    legend:
      setups.length > 1 ? setups.map((setup, i) => ({ color: `c${i % COLORS}${i >= COLORS ? ' dashed' : ''}`, name: setup.name })) : [],
    svg: lineChart({
      id,
      title,
      description: `${plural(front.length, 'point')} of ${xs.length} no other beats: ${front
        .slice(0, 6)
        .map(({ contender, row, x: a, y: b }) => `${contender.name}, ${pointLabel(row)}, with ${x.format(a)} and ${y.format(b)}`)
        .join('; ')}.`,
      x: xScale,
      y: yScale,
      xLabel: `${x.label}${log(xScale)}`,
      yLabel: `${y.label}${log(yScale)}`,
      xFormat: x.axis,
      series: [...common, ...series],
      limits: y.limit === undefined ? [] : [{ axis: 'y', value: y.limit, label: 'SLO' }],
    }),
  };
}

function kneeOf(contender: Contender): [ReportRow, string][] {
  const found = saturation(contender);
  return found?.kind === 'reached' ? [[found.row, `Knee of ${contender.name}: ${pointLabel(found.row)}`]] : [];
}
