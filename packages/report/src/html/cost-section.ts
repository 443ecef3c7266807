import { formatDuration, metric } from '@bench/core';
import type { CostParts, MachineCost, RunCost, RunView } from '@bench/results';
import { COST_PARTS, OUTCOMES } from '../cost.ts';
import { formatUsd, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { contenders } from '../verdicts/contenders.ts';
import { data, markup, type Markup } from './markup.ts';

/** Lines of a table; the cheapest come first, all are in the workbook. */
const MAX_LINES = 40;
const MAX_MACHINES = 40;

/** Cost figures, and how their columns are headed. */
const COLUMNS: readonly (readonly [name: string, head: string])[] = [
  ['cost_per_mtok_total', 'in and out'],
  ['cost_per_mtok_input', 'in'],
  ['cost_per_mtok_output', 'out'],
  ['cost_per_1000_requests', 'requests'],
  ['cost_per_1000_good_requests', 'good requests'],
];

/** What tokens and requests cost at the price of their machine, whose price that is, and what rented machines cost the runs. Null: no price is known. */
export function costSection(runs: readonly RunView[], groups: readonly TaskGroup[]): Markup | null {
  const parts = [costTable(groups), priceTable(groups), ...runs.map((run) => runCostTable(run, runs.length > 1))].filter(
    (part) => part !== null,
  );
  if (parts.length === 0) return null;
  return markup`<section id="cost" aria-labelledby="cost-h"><h2 id="cost-h">What it costs</h2>${parts}</section>`;
}

function costTable(groups: readonly TaskGroup[]): Markup | null {
  const cheapest = contenders(groups)
    .flatMap((contender) => {
      const priced = contender.measured.filter((row) => costOf(row) !== null).sort((a, b) => (costOf(a) ?? 0) - (costOf(b) ?? 0));
      return priced[0] ? [{ name: contender.name, row: priced[0], rows: priced }] : [];
    })
    .sort((a, b) => (costOf(a.row) ?? 0) - (costOf(b.row) ?? 0));
  if (cheapest.length === 0) return null;
  const columns = COLUMNS.filter(([name]) => cheapest.some(({ rows }) => rows.some((row) => row.scalars[name] !== undefined)));
  const tokens = columns.filter(([name]) => name.includes('mtok')).length;
  const lines = cheapest
    .slice(0, MAX_LINES)
    .map(
      ({ name, row, rows }) =>
        markup`<tr><th class="l stick" scope="row">${data(name, 80)}<span class="within">${pointLabel(row)}</span></th><td>${formatUsd(row.priceUsdPerHour)}</td>${columns.map(([column]) => cell(column, row, rows))}</tr>`,
    );
  const more = cheapest.length - lines.length;
  return markup`<p>Of each, the load at which a million tokens are cheapest: the price of the whole machine for the time that they took. Start-up, pauses and failures are not in it.${columns.some(([name]) => name.endsWith('good_requests')) ? ' Good requests met every limit of the SLO; for them it is the load at which those are cheapest.' : null}</p>
<div class="scroll" role="region" tabindex="0" aria-label="Cost of tokens and requests"><table><thead><tr><th class="l stick" scope="col" rowspan="2">What</th><th scope="col" rowspan="2">$ an hour</th>${tokens > 0 ? markup`<th scope="colgroup" colspan="${tokens}">$ per million tokens</th>` : null}${columns.length > tokens ? markup`<th scope="colgroup" colspan="${columns.length - tokens}">$ per 1,000</th>` : null}</tr><tr>${columns.map(([name, head]) => markup`<th scope="col" title="${metric(name)?.definition}">${head}</th>`)}</tr></thead><tbody>${lines}</tbody></table></div>${more > 0 ? markup`<p class="note">The ${MAX_LINES} cheapest of ${cheapest.length}.</p>` : null}`;
}

function cell(column: string, row: ReportRow, rows: readonly ReportRow[]): Markup {
  if (!column.endsWith('good_requests')) return markup`<td>${formatUsd(row.scalars[column])}</td>`;
  const [best] = rows
    .filter((each) => each.scalars[column] !== undefined)
    .sort((a, b) => (a.scalars[column] ?? 0) - (b.scalars[column] ?? 0));
  return markup`<td>${formatUsd(best?.scalars[column])}${best && best !== row ? markup`<span class="within">${pointLabel(best)}</span>` : null}</td>`;
}

/** What a token costs, of rows that can be compared by it. */
function costOf({ scalars }: ReportRow): number | null {
  return scalars.cost_per_mtok_total ?? scalars.cost_per_mtok_output ?? scalars.cost_per_1000_requests ?? null;
}

/** Whose price, from where. */
function priceTable(groups: readonly TaskGroup[]): Markup | null {
  const known = new Map<string, { row: ReportRow; tasks: number }>();
  let unknown = 0;
  for (const { first, measured } of groups) {
    if (first.priceSource === null && first.priceUsdPerHour === null) {
      if (measured.length > 0) unknown += 1;
      continue;
    }
    const key = JSON.stringify([first.machine, first.priceUsdPerHour, first.priceSource]);
    const found = known.get(key);
    if (found) found.tasks += 1;
    else known.set(key, { row: first, tasks: 1 });
  }
  if (known.size === 0) return null;
  const lines = [...known.values()]
    .slice(0, MAX_MACHINES)
    .map(
      ({ row, tasks }) =>
        markup`<tr><th class="l" scope="row">${data(row.machine ?? 'not known', 80)}</th><td>${formatUsd(row.priceUsdPerHour)}</td><td class="l wide">${data(row.priceSource ?? 'no source is recorded', 300)}</td><td>${tasks}</td></tr>`,
    );
  const more = known.size - lines.length;
  return markup`<h3 class="gap">Prices</h3><div class="scroll" role="region" tabindex="0" aria-label="Prices"><table><thead><tr><th class="l" scope="col">Machine</th><th scope="col">$ an hour</th><th class="l" scope="col">Says who, as of when</th><th scope="col">Tasks</th></tr></thead><tbody>${lines}</tbody></table></div>${more > 0 ? markup`<p class="note">And ${more} more.</p>` : null}${unknown > 0 ? markup`<p class="note">Of ${plural(unknown, 'task')} no price is known; that is not the same as free.</p>` : null}`;
}

/** What renting cost, machine by machine, by what its time went into. */
function runCostTable({ run, cost }: RunView, named: boolean): Markup | null {
  if (!cost || cost.machines.length === 0) return null;
  const used = COST_PARTS.filter(([part]) => cost.machines.some(({ usd, seconds }) => (usd?.[part] ?? 0) > 0 || seconds[part] > 0));
  const shown = cost.machines.slice(0, MAX_MACHINES);
  const more = cost.machines.length - shown.length;
  const made = cost.machines.filter(({ outcome }) => outcome !== 'refused').length;
  return markup`<h3 class="gap">${named ? markup`Rented machines of ${data(run.id, 40)}` : 'Rented machines'}</h3><p>${totalText(cost)} for ${plural(made, 'machine')}, from when each existed until it was gone.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Cost of rented machines"><table><thead><tr><th class="l stick" scope="col">Machine</th><th scope="col">$ an hour</th>${used.map(([, words]) => markup`<th scope="col">${words}</th>`)}<th scope="col">Total</th><th class="l" scope="col">How it ended</th></tr></thead><tbody>${shown.map((machine) => machineLine(machine, used))}</tbody>${cost.machines.length > 1 ? markup`<tfoot><tr><th class="l stick" scope="row" colspan="2">Together</th>${used.map(([part]) => markup`<td>${formatUsd(cost.parts[part])}</td>`)}<td>${formatUsd(cost.usd)}</td><td></td></tr></tfoot>` : null}</table></div>${more > 0 ? markup`<p class="note">And ${more} more machines, which are in the sums.</p>` : null}${cost.missing.length > 0 ? markup`<p class="note">It was more than that: ${data(cost.missing.join('; '), 600)}.</p>` : null}`;
}

const totalText = (cost: RunCost): string =>
  cost.usd === 0 && cost.missing.length > 0 ? 'What it cost is not known' : `${cost.atLeast ? 'At least ' : ''}${formatUsd(cost.usd)}`;

function machineLine(machine: MachineCost, used: readonly (readonly [keyof CostParts, string])[]): Markup {
  const { name, offer, provider, priceUsdPerHour, priceSource, usd, seconds, totalUsd, outcome } = machine;
  const parts = used.map(([part]) => {
    const time = seconds[part] > 0 ? markup`<span class="within">${formatDuration(seconds[part] * 1000)}</span>` : null;
    return markup`<td>${usd ? formatUsd(usd[part]) : '–'}${time}</td>`;
  });
  return markup`<tr><th class="l stick" scope="row">${data(name, 60)}<span class="within">${data(`${offer} of ${provider}`, 80)}</span></th><td>${formatUsd(priceUsdPerHour)}<span class="within wrap">${data(priceSource, 60)}</span></td>${parts}<td><b>${formatUsd(totalUsd)}</b></td><td class="l">${OUTCOMES[outcome]}</td></tr>`;
}
