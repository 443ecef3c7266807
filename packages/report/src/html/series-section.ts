import { MIN_SECONDS, seriesCharts } from '../charts/series-chart.ts';
import type { ChartedTask } from '../charted.ts';
import { listWords, plural } from '../format.ts';
import { taskId } from '../groups.ts';
import { drawnWords, nowOrLater } from './later-charts.ts';
import { data, markup, type Markup } from './markup.ts';

/** Tokens per second, requests in flight, TTFT, how busy the client was and what was sampled of engine and machine over time, a figure a point. */
export function seriesSection(details: readonly ChartedTask[], left: number): Markup | null {
  const first = details.findIndex(({ later }) => !later);
  const blocks = seriesCharts(details).flatMap((drawn, g) => {
    const of = details[g];
    if (drawn.length === 0 || !of) return [];
    const task = taskId(of.group);
    const figures = drawn.map(
      ({ title, subtitle, svg, of: row }) =>
        markup`<figure data-of="${row}"><figcaption>${title}${subtitle ? markup` <span>${data(subtitle, 500)}</span>` : null}</figcaption>${svg}</figure>`,
    );
    const charts = markup`<div class="charts">${figures}</div>`;
    return [
      details.length > 1
        ? nowOrLater(
            of,
            task,
            markup`<details data-of="${task}"${g === first || of.later ? markup` open` : null}><summary>${data(of.group.name, 120)}</summary>${charts}</details>`,
          )
        : charts,
    ];
  });
  if (blocks.length === 0) return null;
  const short = details.reduce(
    (sum, { points }) => sum + points.filter((point) => point.series && point.series.rows.length < MIN_SECONDS).length,
    0,
  );
  return markup`<section id="series" aria-labelledby="series-h"><h2 id="series-h">Second by second</h2>
<p>What happened during each point. A level curve is a steady engine; a fall at the end is the last requests draining. Of a repeated point, the first repeat is drawn.${short > 0 ? ` ${plural(short, 'point')} of less than ${MIN_SECONDS} seconds ${short === 1 ? 'is' : 'are'} not drawn.` : null}${drawnWords(details, left)}${unsampled(details)}</p>
${blocks}</section>`;
}

/** What nobody sampled beside the load, in how many of the drawn points. */
function unsampled(details: readonly Pick<ChartedTask, 'points'>[]): string | null {
  const drawn = details.flatMap(({ points }) =>
    points.flatMap(({ series }) => (series && series.rows.length >= MIN_SECONDS ? [series.sampled] : [])),
  );
  const said = ['the engine', 'the machine'].flatMap((what) => {
    const count = drawn.filter(({ missing }) => missing.includes(what)).length;
    return count === 0 ? [] : [`${what}${count === drawn.length ? '' : ` in ${plural(count, 'point')} of ${drawn.length}`}`];
  });
  return said.length === 0 ? null : ` Nothing was sampled of ${listWords(said)}.`;
}
