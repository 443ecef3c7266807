export { buildReport, type Problem, type Report, type ReportSources } from './report.ts';
export type { ReportRow, RowDistribution, RowSource } from './rows.ts';
export { clientErrorText } from './client-error.ts';
export { costLines } from './cost.ts';
export { renderTable, type TableOptions } from './table/render-table.ts';
export { writeHtml, type WriteOptions } from './html/write-html.ts';
export { writeXlsx } from './xlsx/write-xlsx.ts';
export { writeCharts, type ChartOptions } from './charts/write-charts.ts';
