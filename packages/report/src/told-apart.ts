import { engineLabel } from './labels.ts';
import type { ReportRow } from './rows.ts';
import { oneLine } from './text.ts';

/** Texts of what requests carried, in the order of the rows. Empty: all that were measured carried the same, or nobody knows. */
export function promptsThatDiffer(rows: readonly ReportRow[]): string[] {
  const texts = [...new Set(rows.flatMap(({ counts, dataText }) => (counts === null ? [] : (dataText ?? []))))];
  return texts.length > 1 ? texts : [];
}

/** Engines of rows where they differ: the names alone where those tell them apart. Null: those that are known do not differ. */
export function enginesThatDiffer(rows: readonly ReportRow[]): string[] | null {
  const full = rows.map(({ engine }) => (engine ? engineLabel(engine) : ''));
  const names = rows.map(({ engine }) => (engine ? oneLine(engine.name, 40) : ''));
  const kinds = known(full);
  if (kinds < 2) return null;
  return known(names) === kinds ? names : full;
}

/** Machines of rows where they differ. Null: those that are known do not. */
export function machinesThatDiffer(rows: readonly ReportRow[]): string[] | null {
  const machines = rows.map(({ machine }) => oneLine(machine ?? '', 40));
  return known(machines) > 1 ? machines : null;
}

const known = (texts: readonly string[]): number => new Set(texts.filter(Boolean)).size;
