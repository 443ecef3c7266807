import { BenchError, canonicalJson, type ClockOffset, type LoadClient, type LoadSpec, type PointFlag } from '@bench/core';
import { mergeObservations } from './client-observation.ts';
import { movedSeconds, withClientSeconds, type WorkerSecond } from './client-seconds.ts';
import type { LoadResult, LoadSummary } from './result.ts';
import { buildSeries } from './series.ts';
import { summarizeRecords } from './summarize.ts';
import { moveTimes } from './times.ts';

/** What one of the clients measured that sent a load together. */
export interface ClientResult {
  /** From 0, as in the share of its load. */
  client: number;
  result: LoadResult;
  /** How its wall clock stands to the first client's. Null or absent: not known, the wall clocks are taken as they are. */
  clock?: ClockOffset | null | undefined;
}

/** A client that left no result, and why. */
export interface MissingClient {
  client: number;
  reason: string;
}

/** Flags that tell of one client by itself; all others follow from the records of all. */
const OF_A_CLIENT: readonly PointFlag['code'][] = ['client_bound', 'tunnelled', 'engine_client', 'random_weights'];

/**
 * One result of the results of the clients that a load was dealt to (`splitLoad`). Their records are put on one time base, the first client's:
 * each one's zero on its wall clock, moved by its clock's offset. All figures are computed from all records as those of one client are; nothing is
 * averaged. Of what a client saw of itself the worst is kept (its 99th percentiles), or the sum (workers, cores). `summary.loadClients` has
 * every client, its clock's offset and how sure that is: durations within a request are exact, times between requests of different clients are as
 * sure as the two offsets.
 *
 * A client of the load without a result is in `summary.loadClients` with the reason, and the point is flagged `client_missing`: its figures are
 * those of a smaller load than was asked for, so it is a failed point.
 * @param missing why clients left no result; those of whom nothing is said left none that is known.
 * @throws BenchError `BENCH_LOAD_RESULT` when there is no result, two are of one client, or they are not of one load.
 */
export function mergeResults(results: readonly ClientResult[], missing: readonly MissingClient[] = []): LoadResult {
  const sorted = [...results].sort((a, b) => a.client - b.client);
  const [first] = sorted;
  if (!first) throw problem(`none of the load clients left a result${missing.map((m) => `\nclient ${m.client}: ${m.reason}`).join('')}`);
  const { share: firstShare, ...load } = first.result.summary.load;
  const of = firstShare?.of ?? 1;
  check(sorted, load, of);

  const zeroEpochMs = zeroOf(first);
  const records = [];
  const gaps = [];
  const clients: LoadClient[] = [];
  const seconds: WorkerSecond[] = [];
  let workers = 0;
  for (const each of sorted) {
    const { result } = each;
    const byMs = zeroOf(each) - zeroEpochMs;
    // Workers are numbered through: a number stands for one thread of one client.
    for (const record of result.records) records.push({ ...moveTimes(record, byMs), worker: record.worker + workers });
    for (const list of result.gaps) gaps.push(list);
    seconds.push(...movedSeconds(result.series, { byMs, workers }));
    const own = result.summary.client?.workers ?? 1 + result.records.reduce((most, r) => Math.max(most, r.worker), -1);
    workers += own;
    const { startedAt, counts } = result.summary;
    const accuracy = result.summary.client?.accuracy;
    const known = { clock: each.clock ?? null, missing: null, ...(accuracy && { accuracy }) };
    clients.push({ client: each.client, startedAt, sent: counts.sent, workers: own, ...known });
  }
  records.sort((a, b) => a.index - b.index);
  gaps.sort((a, b) => a.index - b.index);
  unique(records);
  const lost = lostClients(sorted, missing, of);
  for (const { client, reason } of lost) clients.push({ client, startedAt: null, sent: 0, workers: 0, clock: null, missing: reason });

  const summary = summarizeRecords({
    load,
    records,
    gaps,
    startedAt: new Date(zeroEpochMs).toISOString(),
    client: mergeObservations(
      sorted.map(({ result }) => result.summary.client),
      records,
    ),
    templateTokens: first.result.calibration.templateTokens,
    origins: sameOrigins(sorted),
    promptEntries: sorted.map(({ result }) => result.promptEntries ?? null).find((entries) => entries !== null) ?? null,
    interrupted: sorted.some(({ result }) => result.summary.flags.some((flag) => flag.code === 'interrupted')),
  });
  if (of > 1) summary.loadClients = clients.sort((a, b) => a.client - b.client);
  summary.flags = [...missingFlags(lost, of), ...unite(summary, sorted, of)];
  const { zeroMonotonicMs, calibration } = first.result;
  const promptEntries = first.result.promptEntries;
  return {
    summary,
    records,
    gaps,
    series: withClientSeconds(buildSeries(records, gaps), seconds),
    zeroMonotonicMs,
    zeroEpochMs,
    calibration,
    ...(promptEntries === undefined ? {} : { promptEntries }),
  };
}

/** The client's zero on the first client's wall clock. */
function zeroOf({ result, clock }: ClientResult): number {
  return (result.zeroEpochMs ?? Date.parse(result.summary.startedAt)) + (clock?.offsetMs ?? 0);
}

function check(sorted: readonly ClientResult[], load: LoadSpec, of: number): void {
  const seen = new Set<number>();
  for (const { client, result } of sorted) {
    const { share, ...its } = result.summary.load;
    if ((share?.client ?? 0) !== client || (share?.of ?? 1) !== of)
      throw problem(`the result of client ${client} is that of client ${share?.client ?? 0} of ${share?.of ?? 1}, not of ${of}`);
    if (seen.has(client)) throw problem(`there are two results of client ${client}`);
    if (canonicalJson(its) !== canonicalJson(load)) throw problem(`the result of client ${client} is of another load`);
    seen.add(client);
  }
}

/** The servers that requests were dealt to; none where clients reached them by different addresses, for which of them is which nobody knows then. */
function sameOrigins(results: readonly ClientResult[]): string[] {
  const [first = [], ...others] = results.map(({ result }) => result.summary.origins?.map(({ url }) => url) ?? []);
  return others.every((urls) => urls.join(' ') === first.join(' ')) ? first : [];
}

function unique(records: LoadResult['records']): void {
  for (const [i, { index }] of records.entries())
    if (records[i + 1]?.index === index) throw problem(`two of the load clients sent request ${index}`);
}

function lostClients(sorted: readonly ClientResult[], missing: readonly MissingClient[], of: number): MissingClient[] {
  const there = new Set(sorted.map(({ client }) => client));
  const why = new Map(missing.map(({ client, reason }) => [client, reason]));
  return Array.from({ length: of }, (_, client) => client)
    .filter((client) => !there.has(client))
    .map((client) => ({ client, reason: why.get(client) ?? 'it left no result' }));
}

function missingFlags(lost: readonly MissingClient[], of: number): PointFlag[] {
  if (lost.length === 0) return [];
  const named = lost.map(({ client, reason }) => `client ${client}: ${reason}`);
  return [{ code: 'client_missing', message: `${lost.length} of ${of} load clients left no result (${named.join('; ')})` }];
}

/** What follows from all records, and what clients said of themselves, each with its name. */
function unite(summary: LoadSummary, sorted: readonly ClientResult[], of: number): PointFlag[] {
  const said = OF_A_CLIENT.flatMap((code) => {
    const messages = sorted.flatMap(({ client, result }) =>
      result.summary.flags.filter((flag) => flag.code === code).map(({ message }) => (of === 1 ? message : `client ${client}: ${message}`)),
    );
    return messages.length > 0 ? [{ code, message: messages.join('; ') }] : [];
  });
  return [...summary.flags.filter(({ code }) => said.every((flag) => flag.code !== code)), ...said];
}

function problem(why: string): BenchError {
  return new BenchError({ code: 'BENCH_LOAD_RESULT', message: why, hint: 'run the point again' });
}
