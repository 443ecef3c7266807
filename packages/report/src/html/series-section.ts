import type { SeriesRow } from '@bench/core';
import { stepPanels } from '../charts/step-panels.ts';
import type { PointDetail } from '../detail.ts';
import { formatMs, formatShort, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { data, markup, type Markup } from './markup.ts';

const SAMPLED_COLORS = ['c7', 'c4', 'c6', 'c5', 'c0'];

/** A shorter point has no course to speak of. */
const MIN_SECONDS = 3;

/** Tokens per second, requests in flight, TTFT, how busy the client was and what was sampled of engine and machine over time, a figure a point. */
export function seriesSection(details: readonly { group: TaskGroup; points: PointDetail[] }[], left: number): Markup | null {
  const blocks = details.flatMap(({ group, points }, g) => {
    const figures = points.flatMap((point, p) =>
      point.series && point.series.rows.length >= MIN_SECONDS ? [figure(point, point.series, `series-${g}-${p}`)] : [],
    );
    if (figures.length === 0) return [];
    const charts = markup`<div class="charts">${figures}</div>`;
    return [
      details.length > 1
        ? markup`<details${g === 0 ? markup` open` : null}><summary>${data(group.name, 120)}</summary>${charts}</details>`
        : charts,
    ];
  });
  if (blocks.length === 0) return null;
  const short = details.reduce(
    (sum, { points }) => sum + points.filter((point) => point.series && point.series.rows.length < MIN_SECONDS).length,
    0,
  );
  return markup`<section id="series" aria-labelledby="series-h"><h2 id="series-h">Second by second</h2>
<p>What happened during each point. A level curve is a steady engine; a fall at the end is the last requests draining. Of a repeated point, the first repeat is drawn.${short > 0 ? ` ${plural(short, 'point')} of less than ${MIN_SECONDS} seconds ${short === 1 ? 'is' : 'are'} not drawn.` : null}${left > 0 ? ` ${left} more points are in the table only.` : null}</p>
${blocks}</section>`;
}

function figure(point: PointDetail, series: NonNullable<PointDetail['series']>, id: string): Markup {
  const { rows, bucketS } = series;
  const tokens = rows.map((row) => row.outputTokens);
  const inFlight = rows.map((row) => row.inFlight);
  const hasTokens = tokens.some((v) => v > 0);
  const done = rows.map((row) => row.done / bucketS);
  const ttft = rows.map((row) => row.ttftP50Ms);
  const hasTtft = ttft.some((v) => v !== null);
  const busy = rows.map((row) => busiest(row));
  const hasBusy = busy.some((v) => v !== null);
  const load = pointLabel(point.row);
  const peak = hasTokens
    ? `Output tokens peak at ${formatShort(Math.max(...tokens))} per second`
    : `Answers peak at ${formatShort(Math.max(...done))} per second`;
  const chart = stepPanels({
    id,
    title: `Second by second, ${load}`,
    description: `${plural(rows.length * bucketS, 'second')}. ${peak}; in flight at most ${formatShort(Math.max(...inFlight))} requests${hasTtft ? `; median TTFT up to ${formatMs(Math.max(...ttft.map((v) => v ?? 0)))}` : ''}${hasBusy ? `; the client busy at most ${formatShort(Math.max(...busy.map((v) => v ?? 0)))} %` : ''}.`,
    bucketS,
    panels: [
      hasTokens
        ? { label: 'output tokens per second', color: 'c0', values: tokens }
        : { label: 'answers per second', color: 'c0', values: done },
      { label: 'requests in flight, mean', color: 'c2', values: inFlight },
      ...(hasTtft ? [{ label: 'TTFT p50, ms', color: 'c1', values: ttft, line: true }] : []),
      ...(hasBusy ? [{ label: 'client, its busiest thread, %', color: 'c3', values: busy }] : []),
      ...series.sampled.map(({ label, values }, i) => ({ label, color: SAMPLED_COLORS[i] ?? 'c4', values, line: true })),
    ],
  });
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const facts = [bucketS > 1 ? `means of ${bucketS} s` : '', failed > 0 ? plural(failed, 'request') + ' failed' : '']
    .filter(Boolean)
    .join(', ');
  return markup`<figure><figcaption>${load}${facts ? markup` <span>${facts}</span>` : null}</figcaption>${chart}</figure>`;
}

/** Per cent of the second in which the client's busiest thread was at work, or waiting for a CPU; null: not known. */
function busiest({ client = [] }: SeriesRow): number | null {
  return client.length > 0
    ? Math.round(1000 * Math.max(...client.map(({ busy, wallMs }) => busy * Math.min(1, wallMs / 1000)))) / 10
    : null;
}
