import type { LedgerEntry } from './entry.ts';

/** Nothing of it can cost money any more: its provider said that it is gone, or nothing was made. */
export const isOver = ({ state }: Pick<LedgerEntry, 'state'>): boolean => state === 'gone' || state === 'refused';
