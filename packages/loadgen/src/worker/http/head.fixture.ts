import type { Head } from './head.ts';

/** The head of an answer in chunks. */
export const headOf = (status: number, contentType: string): Head => ({
  status,
  contentType,
  chunked: true,
  length: null,
  persistent: true,
  keepMs: null,
});
