import { readCharted } from '../charted.ts';
import { taskGroups } from '../groups.ts';
import type { Report } from '../report.ts';
import { distributionChart, distributionPlans } from './distribution-chart.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { latencyCurves, undrawnCurves } from './latency-curves.ts';
import { paretoCharts } from './pareto-charts.ts';
import { seriesCharts } from './series-chart.ts';

/** Charts of all rows together: a workbook has room for these. */
export function overviewCharts(report: Report): DrawnChart[] {
  const groups = taskGroups(report.rows);
  const left = undrawnCurves(groups).length;
  // A page draws them when it is filtered, and names them; a picture stands alone.
  const told = (chart: DrawnChart) => (left > 0 ? { ...chart, subtitle: `${chart.subtitle}; ${left} more are not drawn` } : chart);
  return [...paretoCharts(groups), ...latencyCurves(groups).map(told)];
}

/** Every chart of a report, as the page has them, in its order. */
export async function reportCharts(report: Report, signal?: AbortSignal): Promise<DrawnChart[]> {
  const { details } = await readCharted(report.runs, taskGroups(report.rows), { signal });
  return [...overviewCharts(report), ...distributionPlans(details).map(distributionChart), ...seriesCharts(details).flat()];
}
