import type { ReportRow } from '../rows.ts';

/** Requests in flight, or per second. */
export const loadOf = (row: ReportRow): number => row.axis?.value ?? 0;
