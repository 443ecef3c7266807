import { BenchError } from '@bench/core';
import { pngOf } from '../charts/png.ts';
import { overviewCharts } from '../charts/report-charts.ts';
import { standaloneSvg } from '../charts/standalone-svg.ts';
import { chartFooter } from '../charts/write-charts.ts';
import type { Report } from '../report.ts';
import { LINE_PIXELS, type Picture } from './pictures.ts';

/** Charts of all rows as pictures, each with the line it begins at, from 0; empty: there is nothing to draw, or nothing can be drawn on this machine. */
export async function chartPictures(report: Report): Promise<(Picture & { line: number })[]> {
  try {
    return await drawn(report);
  } catch (error) {
    // A workbook without pictures is worth more than none.
    if (BenchError.is(error) && error.code === 'BENCH_NO_PICTURES') return [];
    throw error;
  }
}

async function drawn(report: Report): Promise<(Picture & { line: number })[]> {
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
