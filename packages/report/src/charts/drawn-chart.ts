import type { Markup } from '../html/markup.ts';

/** A chart with the words around it: a page sets them as its caption, a file of its own draws them beside the picture. */
export interface DrawnChart {
  /** Unique in a report; in it things have their places as numbers. */
  id: string;
  /** What tells it apart from others of its kind, in words: task and load, or the kind of work. */
  names?: readonly string[];
  title: string;
  /** What is drawn, in a few words. */
  subtitle: string;
  /** Id of the row that it is of. */
  of?: string;
  svg: Markup;
  /** Names of the curves and their colour classes; empty: there is one, or they are named in the chart. */
  legend: readonly { color: string; name: string; of?: string }[];
}
