import type { PointFlag } from '@bench/core';
import { baseUrl } from '@bench/deploy';
import type { LoadPlace, LoadPlaceOptions } from './load-place.ts';
import { sendFromHere } from './here.ts';
import { roundTripMs, tripText } from './round-trip.ts';

/** Sends from this machine through a tunnel to the host. Its round trip is in every latency, which the result says. */
export function tunnelPlace({ io, host, on, selfcheck }: LoadPlaceOptions): LoadPlace {
  return {
    name: 'tunnel',
    async run(order) {
      const { address, port } = order.endpoint;
      const tunnel = await host.tunnel({ host: address, port });
      try {
        const url = baseUrl(tunnel);
        const rttMs = await roundTripMs(url, io, order.signal);
        const flag = tunnelled(host.name, rttMs);
        io.logger.log('warn', flag.message);
        on(flag.message);
        const result = await sendFromHere({ order, url, selfcheck, io });
        return { ...result, summary: { ...result.summary, flags: [...result.summary.flags, flag] } };
      } finally {
        await tunnel.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

function tunnelled(host: string, rttMs: number | null): PointFlag {
  return { code: 'tunnelled', message: `sent from this machine through a tunnel to ${host}: ${tripText(rttMs)} is in every latency` };
}
