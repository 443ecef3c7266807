import { pngOf } from '../charts/png.ts';
import { overviewCharts } from '../charts/report-charts.ts';
import { standaloneSvg } from '../charts/standalone-svg.ts';
import { chartFooter } from '../charts/write-charts.ts';
import type { Report } from '../report.ts';
import { LINE_PIXELS, type Picture } from './pictures.ts';

/** Charts of all rows as pictures, each with the line it begins at, from 0; empty: there is nothing to draw. */
export async function chartPictures(report: Report): Promise<(Picture & { line: number })[]> {
  const footer = chartFooter(report);
  const pictures: (Picture & { line: number })[] = [];
  let line = 0;
  for (const chart of overviewCharts(report)) {
    const svg = standaloneSvg(chart, { footer });
    const [, width = '560', height = '400'] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    pictures.push({ png: await pngOf(svg), width: Number(width), height: Number(height), title: chart.title, line });
    line += Math.ceil(Number(height) / LINE_PIXELS) + 1;
  }
  return pictures;
}
