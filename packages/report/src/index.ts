export { reportRows, type ReportRow } from './rows.ts';
export { clientErrorText } from './client-error.ts';
export { costLines } from './cost.ts';
export { renderTable, type TableOptions } from './table/render-table.ts';
export { writeHtml, type WriteOptions } from './html/write-html.ts';
export { writeXlsx } from './xlsx/write-xlsx.ts';
