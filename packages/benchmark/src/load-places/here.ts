import type { PointFlag } from '@bench/core';
import { baseUrl } from '@bench/deploy';
import { type LoadResult, runLoad } from '@bench/loadgen';
import type { LoadOrder, LoadPlace, LoadPlaceOptions } from './load-place.ts';
import { roundTripMs, tripText } from './round-trip.ts';

/**
 * Sends from this process's worker threads: the engine runs on this machine, or is reached over the internet, which the result says, for the
 * round trip is in every latency then.
 */
export function herePlace({ io, on, selfcheck }: Pick<LoadPlaceOptions, 'io' | 'on' | 'selfcheck'>): LoadPlace {
  return {
    name: 'here',
    run: async (order) => {
      const url = baseUrl(order.endpoint);
      if (order.endpoint.scope !== 'public') return sendFromHere({ order, url, selfcheck, io });
      const trip = tripText(await roundTripMs(url, io, order.signal));
      const message = `sent from this machine over the internet to ${order.endpoint.address}: ${trip} is in every latency`;
      io.logger.log('warn', message);
      on(message);
      const result = await sendFromHere({ order, url, selfcheck, io });
      const flags: PointFlag[] = [...result.summary.flags, { code: 'tunnelled', message }];
      return { ...result, summary: { ...result.summary, flags } };
    },
    close: () => Promise.resolve(),
  };
}

/** Sends an order from worker threads to where its endpoint is seen from here. */
export function sendFromHere(o: { order: LoadOrder; url: string } & Pick<LoadPlaceOptions, 'io' | 'selfcheck'>): Promise<LoadResult> {
  const { order, url, selfcheck, io } = o;
  const { endpoint, calibration } = order;
  const { resetCachePath: _unused, ...server } = endpoint.server;
  return runLoad({
    baseUrl: url,
    model: endpoint.model,
    apiKey: endpoint.apiKey,
    load: order.load,
    server,
    calibration,
    selfcheck,
    signal: order.signal,
    onWarning: (text) => io.logger.log('warn', text),
    onProgress: (progress) => order.onProgress(progress),
  });
}
