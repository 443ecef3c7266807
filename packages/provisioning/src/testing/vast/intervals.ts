/** Least milliseconds between two calls of one kind. */
const LEAST_MS: Readonly<Record<string, number>> = {
  create: 4500,
  destroy: 3000,
  show: 2000,
  list: 1000,
  manage: 1000,
  bid: 5500,
  'ssh-key': 1000,
};
/** After a create that came too early, none is taken for so long. */
const PENALTY_MS = 12_000;
const SEARCHES_A_MINUTE = 10;
/** The network between adds and takes a little. */
const SLACK_MS = 60;

/** The API's limits. They speak plain text, and never say when to come again. */
export function intervals(now: () => number): { refuse(kind: string): string | null; forget(): void } {
  const last = new Map<string, number>();
  let searches: number[] = [];
  let penaltyUntil = 0;
  return {
    refuse: (kind) => {
      const at = now();
      if (kind === 'search') {
        searches = searches.filter((t) => t > at - 60_000);
        if (searches.length >= SEARCHES_A_MINUTE) return 'API requests too frequent';
        searches.push(at);
        return null;
      }
      const least = LEAST_MS[kind];
      if (least === undefined) return null;
      if (kind === 'create' && at < penaltyUntil) return 'API requests too frequent: penalty';
      if (at - (last.get(kind) ?? -Infinity) < least - SLACK_MS) {
        if (kind === 'create') penaltyUntil = at + PENALTY_MS;
        return `API requests too frequent endpoint threshold=${least / 1000}`;
      }
      last.set(kind, at);
      return null;
    },
    forget: () => {
      last.clear();
      searches = [];
      penaltyUntil = 0;
    },
  };
}
