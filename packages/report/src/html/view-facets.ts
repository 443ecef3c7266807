import type { RunView } from '@bench/results';
import type { TaskGroup } from '../groups.ts';
import { engineLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import type { ViewData } from './view-data.ts';

/** Characters of a value; longer ones are cut. */
const MAX_VALUE = 120;

const STATUS: Record<ReportRow['status'], string> = {
  ok: 'measured',
  partial: 'measured, a repeat failed',
  failed: 'failed',
  not_run: 'not run',
};

interface Property {
  id: string;
  label: string;
  of(row: ReportRow): readonly (string | null | undefined)[];
}

/** What the rows of a report can be told apart by: what has one value everywhere is left out. Pure. */
export function viewData(groups: readonly TaskGroup[], runs: readonly RunView[]): ViewData {
  const tags = new Map(runs.map((run) => [run.run.id, run.notes.tags]));
  const params = [...new Set(groups.flatMap((group) => Object.keys(group.first.params)))];
  const properties: Property[] = [
    { id: 'model', label: 'Model', of: (row) => [row.model] },
    { id: 'machine', label: 'GPU or machine', of: (row) => [row.machine] },
    { id: 'engine', label: 'Engine', of: (row) => [row.engine && engineLabel(row.engine)] },
    { id: 'recipe', label: 'Recipe', of: (row) => [row.recipe] },
    { id: 'variant', label: 'Variant', of: (row) => [row.variant] },
    ...params.map((name) => ({ id: `p.${name}`, label: oneLine(name, 60), of: (row: ReportRow) => [paramText(row.params[name])] })),
    { id: 'load', label: 'Load', of: (row) => [row.loadText] },
    { id: 'data', label: 'Prompts', of: (row) => [row.dataText] },
    { id: 'status', label: 'Status', of: (row) => [STATUS[row.status]] },
    { id: 'source', label: 'Source', of: (row) => [row.source.kind === 'run' ? 'bench' : row.source.kind] },
    { id: 'run', label: 'Run', of: (row) => [row.source.kind === 'run' ? row.runId : null] },
    { id: 'tag', label: 'Tag', of: (row) => tags.get(row.runId) ?? [] },
  ];
  const rows = groups.flatMap((group) => group.rows);
  const told = properties.flatMap(({ id, label, of }) => {
    const texts = rows.map((row) => of(row).flatMap((text) => (text ? [oneLine(text, MAX_VALUE)] : [])));
    const values = [...new Set(texts.flat())];
    // A value that some rows lack tells those that have it from the rest.
    const distinct = new Set(texts.map((list) => list.join('\n'))).size;
    return distinct < 2 || values.length === 0 ? [] : [{ id: oneLine(id, MAX_VALUE), label, values: sorted(values), texts }];
  });
  return {
    facets: told.map(({ id, label, values }) => ({ id, label, values })),
    rows: rows.map(({ id }, r) => ({ id, values: told.map(({ values, texts }) => (texts[r] ?? []).map((text) => values.indexOf(text))) })),
    tasks: groups.map((group) => oneLine(group.name, MAX_VALUE)),
  };
}

function paramText(value: ReportRow['params'][string] | undefined): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** By the numbers in them, as people read them. */
function sorted(values: readonly string[]): string[] {
  return [...values].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
