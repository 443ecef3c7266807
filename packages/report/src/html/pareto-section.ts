import { paretoBlocks, type ParetoBlock } from '../charts/pareto-charts.ts';
import { drawnSetups, frontOf, type Setup } from '../charts/setups.ts';
import type { TradeOff } from '../charts/trade-offs.ts';
import { spread } from '../detail.ts';
import { formatMs, formatShort, formatUsd, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { data, markup, type Markup } from './markup.ts';

/** Points of the common front that are listed. */
const MAX_FRONT = 15;

/** What of throughput, latency and cost can be had together, by machine and engine. Null: there is nothing to choose among. */
export function paretoSection(groups: readonly TaskGroup[]): Markup | null {
  const { blocks, left } = paretoBlocks(groups);
  if (blocks.length === 0) return null;
  const drawn = blocks.map((each) => ({ name: each.contest.name, text: block(each) }));
  return markup`<section id="pareto" aria-labelledby="pareto-h"><h2 id="pareto-h">What can be had together</h2>
<p>Of each machine and engine, all variants and loads: the line joins the points that no other of it beats in both directions, and those that are beaten are pale. The broad line behind them is the best of all.</p>
${drawn.map(({ name, text }, i) => (drawn.length > 1 ? markup`<details${i === 0 ? markup` open` : null}><summary>${data(name, 120)}</summary>${text}</details>` : text))}${left > 0 ? markup`<p class="note">${plural(left, 'more kind')} of work ${left === 1 ? 'is' : 'are'} in the summary only.</p>` : null}</section>`;
}

function block({ setups, trades: [trade], charts }: ParetoBlock): Markup {
  const [first] = charts;
  const left = setups.length - drawnSetups(setups, trade).length;
  const figures = charts.map(
    ({ title, subtitle, svg }) => markup`<figure><figcaption>${title} <span>${data(subtitle, 200)}</span></figcaption>${svg}</figure>`,
  );
  const legend =
    first.legend.length > 0
      ? markup`<ul class="legend" data-legend>${first.legend.map(({ color, name }) => markup`<li><i class="${color}"></i>${data(name, 80)}</li>`)}</ul>`
      : null;
  return markup`<div class="charts">${figures}</div>${legend}${left > 0 ? markup`<p class="note">Drawn are the ${setups.length - left} of ${setups.length} machines and engines that have points which nothing beats, or else give most.</p>` : null}${frontTable(setups, trade)}`;
}

/** The points that nothing beats in the first trade-off, with what else one gets there. */
function frontTable(setups: readonly Setup[], trade: TradeOff): Markup | null {
  const front = frontOf(setups, trade);
  if (front.length === 0) return null;
  const shown = spread(front, MAX_FRONT);
  const rows = front.map(({ row }) => row);
  const cost = rows.some(({ scalars }) => scalars.cost_per_mtok_total !== undefined);
  const rate = rows.some(({ distributions }) => distributions.tpot_ms?.p50 !== undefined);
  const lines = shown.map(
    ({ contender, row, x, y }) =>
      markup`<tr data-of="${row.id}"><th class="l stick" scope="row">${data(contender.name, 80)}</th><td class="l">${pointLabel(row)}</td><td>${formatShort(x)}</td><td data-v="${y}">${formatMs(y)}</td>${rate ? markup`<td>${row.distributions.tpot_ms?.p50 ? formatShort(1000 / row.distributions.tpot_ms.p50) : '–'}</td>` : null}${cost ? markup`<td>${formatUsd(row.scalars.cost_per_mtok_total)}</td>` : null}</tr>`,
  );
  return markup`<h3 class="gap">Points that no other beats in ${trade.x.title} and ${trade.y.title}</h3><div class="scroll names" role="region" tabindex="0" aria-label="Points that no other beats"><table><thead><tr><th class="l stick" scope="col">What</th><th class="l" scope="col">Load</th><th scope="col">${trade.x.label}</th><th scope="col">${trade.y.label.replace(/, ms$/, '')}</th>${rate ? markup`<th scope="col">tok/s for each user</th>` : null}${cost ? markup`<th scope="col">$ per Mtok</th>` : null}</tr></thead><tbody>${lines}</tbody></table></div>${front.length > shown.length ? markup`<p class="note">${shown.length} of ${front.length}, evenly spread.</p>` : null}`;
}
