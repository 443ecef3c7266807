import type { ChartedTask } from '../charted.ts';
import { plural } from '../format.ts';
import { markup, type Markup } from './markup.ts';

/** Charts of a task: in the page, or laid ready for its script to put there. */
export function nowOrLater({ later }: { later?: boolean | undefined }, task: string, charts: Markup | Markup[]): Markup {
  return later ? markup`<template data-of="${task}">${charts}</template>` : markup`${charts}`;
}

/** How much of the report the charts of a section are of. Null: all of it. */
export function drawnWords(details: readonly ChartedTask[], left: number): Markup | null {
  const waiting = details.filter(({ later }) => later).length;
  if (waiting === 0) return left > 0 ? markup` Points were thinned out: ${left} more are in the table only.` : null;
  return markup` Of ${plural(details.length, 'task')}, ${details.length - waiting} are drawn<span class="needs-script">: filter above, or choose one here, for the others</span>; the tables have all.`;
}
