import type { LedgerEntry } from '@bench/provisioning';

const STATES: Record<LedgerEntry['state'], string> = {
  intent: 'asked for',
  unknown: 'may exist',
  created: 'up',
  ending: 'ending',
  gone: 'gone',
  refused: 'not made',
};
export const stateText = ({ state }: Pick<LedgerEntry, 'state'>): string => STATES[state];
