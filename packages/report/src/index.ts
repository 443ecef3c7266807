export { buildReport, type Problem, type Report, type ReportSources } from './report.ts';
export { withLostRequests } from './lost-requests.ts';
export type { ReportRow, RowDistribution, RowSource } from './rows.ts';
export type { CurrencyRate, PriceBook, PriceEntry } from './prices/price-book.ts';
export { askSlo, type AskedSlo } from './slo/ask-slo.ts';
export { parseSlo } from './slo/parse-slo.ts';
export { parsePrice } from './prices/parse-price.ts';
export { clientErrorText } from './client-error.ts';
export { costLines } from './cost.ts';
export { renderAdvice } from './table/render-advice.ts';
export { renderTable, type TableOptions } from './table/render-table.ts';
export { writeHtml, type WriteOptions } from './html/write-html.ts';
export { writeXlsx } from './xlsx/write-xlsx.ts';
export { modelFileNames, splitByModel } from './xlsx/split-by-model.ts';
export { writeCharts, type ChartOptions } from './charts/write-charts.ts';
export { renderCsv } from './csv/render-csv.ts';
export { renderMarkdown } from './markdown/render-markdown.ts';
export { renderJunit } from './junit/render-junit.ts';
export { reportJson } from './json/report-json.ts';
export { reportJsonSchema, reportSchema, type ReportJson } from './json/report-schema.ts';
export { compareReports, type CompareOptions, type ComparedMetric, type ComparedPair, type Comparison } from './compare/compare-reports.ts';
export { comparisonMarkdown } from './compare/render-markdown.ts';
export { renderComparison, type ComparisonTextOptions } from './compare/render-text.ts';
export {
  buildHistory,
  type History,
  type HistoryChange,
  type HistoryEntry,
  type HistoryOptions,
  type HistorySeries,
} from './history/build-history.ts';
export type { ChangePoint } from './history/change-points.ts';
export type { HistoryFigure } from './history/history-figure.ts';
export { historyMarkdown } from './history/history-markdown.ts';
export { renderHistory, type HistoryTextOptions } from './history/render-history.ts';
