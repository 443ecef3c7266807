import { dirname } from 'node:path';
import { groupBy, metric } from '@bench/core';
import { listWords, plural } from '../format.ts';
import type { Report } from '../report.ts';
import type { ReportRow, RowSource } from '../rows.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_SOURCES = 60;
const MAX_LACKS = 12;

const KINDS: Record<RowSource['kind'], string> = {
  run: 'run of bench',
  vllm: 'vLLM’s benchmark',
  sglang: 'SGLang’s benchmark',
  deplodock: 'deplodock',
  guidellm: 'GuideLLM',
  aiperf: 'AIPerf',
  'genai-perf': 'genai-perf',
};

/** What the report was made of, where that is more than one run: kind, place, what it gave and what it does not say. */
export function sourcesSection({ rows, foreign, runs }: Report): Markup | null {
  if (foreign.length === 0 && runs.length <= 1) return null;
  const sources = folded(rows);
  const shown = [...sources.values()].slice(0, MAX_SOURCES);
  const more = sources.size - shown.length;
  const lines = shown.map((own) => {
    const [{ source, measuredAt }] = own as [ReportRow];
    const files = new Set(own.map((row) => row.source.path)).size;
    const from = files > 1 ? `${dirname(source.path)}: ${plural(files, 'file')}` : source.path;
    const lacks = [...new Set(own.flatMap((row) => row.lacks))].map((name) => metric(name)?.label ?? name);
    const measured = own.filter((row) => row.counts !== null || Object.keys(row.scalars).length > 0).length;
    const told =
      lacks.length > MAX_LACKS ? `${lacks.slice(0, MAX_LACKS).join(', ')} and ${lacks.length - MAX_LACKS} more` : listWords(lacks);
    return markup`<tr><td class="l">${KINDS[source.kind]}</td><th class="l wide" scope="row">${data(from, 300)}</th><td>${measured}</td><td class="l">${(files > 1 ? null : data(measuredAt, 30)) ?? '–'}</td><td class="l wide">${data(told, 400) ?? '–'}</td></tr>`;
  });
  return markup`<section id="sources" aria-labelledby="sources-h"><h2 id="sources-h">Sources</h2>
<p>What was read. What another tool’s file does not say is not made up: it is missing in the tables and named here.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Sources"><table><thead><tr><th class="l" scope="col">Made by</th><th class="l" scope="col">Read from</th><th scope="col">Points</th><th class="l" scope="col">Measured</th><th class="l" scope="col">Does not say</th></tr></thead><tbody>${lines}</tbody></table></div>${more > 0 ? markup`<p class="note">${plural(more, 'more source')} ${more === 1 ? 'is' : 'are'} left out here; their points are in the summary.</p>` : null}</section>`;
}

/** Files of one folder, kind and lack are one line from here on. */
const MANY_FILES = 4;

/** Rows by where they are from: a run, a file, or a folder of many files that say equally much. */
function folded(rows: readonly ReportRow[]): Map<string, ReportRow[]> {
  const together = ({ source, lacks }: ReportRow) => `${source.kind}\n${dirname(source.path)}\n${lacks.join(' ')}`;
  const files = (own: readonly ReportRow[]) => new Set(own.map(({ source }) => source.path)).size;
  const folders = new Set([...groupBy(rows, together)].flatMap(([key, own]) => (files(own) >= MANY_FILES ? [key] : [])));
  return groupBy(rows, (row) =>
    row.source.kind !== 'run' && folders.has(together(row)) ? together(row) : `${row.source.kind}\n${row.source.path}`,
  );
}
