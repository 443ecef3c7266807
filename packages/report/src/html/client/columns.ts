/** A column of a table by its heads. */
export interface HeadColumn {
  /** Its own head. */
  th: HTMLTableCellElement;
  /** Place of its cells in a row. */
  index: number;
  /** What stands over it and its own name: `TTFT, ms p99`. */
  name: string;
}

/** The columns of a table whose heads may stand in two lines, the first spanning some of the second. */
export function headColumns(head: HTMLTableSectionElement): HeadColumn[] {
  const lines = [...head.rows];
  const columns: HeadColumn[] = [];
  // Which places of a line are taken by heads from above, and by which words.
  const taken: string[][] = lines.map(() => []);
  for (const [l, line] of lines.entries()) {
    let index = 0;
    for (const th of line.cells) {
      while (taken[l]?.[index] === 'x') index++;
      const text = th.textContent?.trim() ?? '';
      const down = th.rowSpan > 1 ? th.rowSpan : 1;
      if (l + down >= lines.length) {
        const over = l > 0 ? (taken[l]?.[index] ?? '') : '';
        columns.push({ th, index, name: `${over} ${text}`.trim() });
        for (let below = l + 1; below < lines.length; below++) (taken[below] as string[])[index] = 'x';
      } else {
        for (let c = 0; c < th.colSpan; c++) (taken[l + 1] as string[])[index + c] = text;
      }
      index += th.colSpan;
    }
  }
  return columns.sort((a, b) => a.index - b.index);
}
