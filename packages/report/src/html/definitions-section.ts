import { metric, STEADY_STATE } from '@bench/core';
import { FLAG_WORDS } from '../flags.ts';
import { ownFigures } from '../own-figures.ts';
import type { ReportRow } from '../rows.ts';
import { usedMetrics } from '../used-metrics.ts';
import { data, markup, type Markup } from './markup.ts';

/** Every metric and note that the report shows, each with its one meaning. */
export function definitionsSection(rows: readonly ReportRow[]): Markup | null {
  const used = usedMetrics(rows);
  const own = ownFigures(rows);
  const names = new Set(own.map(({ name }) => name));
  const metrics = [...used.distributions, ...used.scalars.filter((name) => !names.has(name))].map((name) => {
    const definition = metric(name);
    return markup`<div><dt>${definition?.label ?? name}<span>${definition ? `${definition.unit}, ` : null}${name}</span></dt><dd>${definition?.definition ?? NOT_OURS}</dd></div>`;
  });
  const reported = own.map(({ name, unit, better }) => {
    const direction = better === null ? null : ` ${better === 'higher' ? 'Higher' : 'Lower'} is better.`;
    return markup`<div><dt>${data(name, 120)}<span>${data(unit, 40)}</span></dt><dd>${NOT_OURS}${direction}</dd></div>`;
  });
  const codes = [...new Set(rows.flatMap((row) => row.flags.map((flag) => flag.code)))];
  const flags = codes.map(
    (code) => markup`<div><dt>${FLAG_WORDS[code].title}<span>note</span></dt><dd>${FLAG_WORDS[code].meaning}</dd></div>`,
  );
  if (metrics.length + reported.length === 0) return null;
  return markup`<section id="definitions" aria-labelledby="definitions-h"><h2 id="definitions-h">Definitions</h2>
<p>Percentiles interpolate linearly between ranks (numpy’s default): p99 is the value that 99 % of the samples stay at or under. Of a repeated point, each figure is the mean over its repeats. Below a percentile stands between which values it lies with a confidence of 95 %: by resampling the requests (bootstrap) where a point was measured once, by Student’s t over the repeats where it was repeated.</p>
<dl class="terms">${metrics}${reported}${rows.some((row) => row.loadText !== null) ? SATURATION : null}${rows.some((row) => row.steady !== null) ? STEADY : null}${flags}</dl></section>`;
}

const NOT_OURS = 'Reported by the recipe’s own clients or command; bench did not measure it.';
const STEADY = markup`<div><dt>Steady state<span>beside the whole run</span></dt><dd>${STEADY_STATE}</dd></div>`;
const SATURATION = markup`<div><dt>Saturation<span>closed loop</span></dt><dd>The lowest concurrency tried that gives at least 90 % of the plateau, which is the mean throughput of the loads within a tenth of the best one. It is not reached while from there on throughput grows with more than the square root of the load. Its interval is that of curves resampled from the repeats, else that between neighbouring loads. For request rates: the highest rate that the engine kept up with, which is 90 % of it or more coming out as fast as it went in.</dd></div>`;
