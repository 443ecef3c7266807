import { generatesText, summarize, type ClassResult, type LoadSpec, type OriginResult, type RequestRecord } from '@bench/core';
import { goodness } from './goodness.ts';
import { requestSamples } from './request-samples.ts';

/** Each class of a load, of which none may have been drawn. */
export function classResults(load: LoadSpec, measured: readonly RequestRecord[], durationS: number): Record<string, ClassResult> {
  return Object.fromEntries(
    (load.classes ?? []).map(({ name }) => [
      name,
      partResult(
        load,
        measured.filter((r) => r.class === name),
        durationS,
      ),
    ]),
  );
}

/** @param urls of the servers, in the order in which requests were dealt to them: in turn, by index */
export function originResults(
  urls: readonly string[],
  load: LoadSpec,
  measured: readonly RequestRecord[],
  durationS: number,
): OriginResult[] {
  return urls.map((url, place) => {
    const own = measured.filter((r) => (r.conversation ?? r.index) % urls.length === place);
    return { url, ...partResult(load, own, durationS) };
  });
}

/** What a part of the requests came to; rates are of the whole point's duration. */
export function partResult(load: LoadSpec, own: readonly RequestRecord[], durationS: number): ClassResult {
  const ok = own.filter((r) => r.status === 'ok');
  const failed = own.filter((r) => r.status === 'failed').length;
  const scalars: Record<string, number> = {};
  if (durationS > 0) {
    scalars.request_throughput = ok.length / durationS;
    if (generatesText(load.api)) scalars.output_throughput = ok.reduce((sum, r) => sum + (r.outputTokens ?? 0), 0) / durationS;
  }
  if (own.length > 0) scalars.error_ratio = failed / own.length;
  Object.assign(scalars, goodness(load, own, durationS));
  const distributions = [...requestSamples(ok)].flatMap(([figure, values]) => {
    const found = summarize(values);
    return found ? [[figure, found] as const] : [];
  });
  const counts = { sent: own.length, ok: ok.length, failed, cancelled: own.length - ok.length - failed };
  return { counts, scalars, distributions: Object.fromEntries(distributions) };
}
