import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { LoadSpec } from '@bench/core';
import { routesOf } from '../routes.ts';
import { apiPath, requestHeaders, type LoadTarget } from '../target.ts';
import { createPool, type Pool } from './http/pool.ts';
import type { ReadClock } from './read-clock.ts';

/** The connections of one route. */
export interface RoutePool {
  /** What the heads of all requests by it have in common. */
  head: string;
  pool: Pool;
}

export interface Pools {
  /** By which a request goes, on its retry too. @param index of the request among all of the point, or of its conversation */
  of(index: number): RoutePool;
  /** Ends all connections. */
  destroy(): void;
}

export interface PoolsOptions {
  target: LoadTarget;
  load: LoadSpec;
  /** Answers are streamed. */
  stream: boolean;
  /** Connections of a route at most; null: as many as needed. */
  connections: number | null;
  clock: ReadClock;
}

/** A pool for each route of the target. @throws TypeError when a header, of the key say, cannot be sent. */
export function createPools({ target, load, stream, connections, clock }: PoolsOptions): Pools {
  const connectTimeoutMs = Math.min(30_000, load.requestTimeoutMs);
  const pools = routesOf(target).map(({ origin, prefix, sourceAddress }): RoutePool => {
    return {
      head: requestHead({ ...target, origin, prefix }, load, stream),
      pool: createPool({ origin, sourceAddress, connections, connectTimeoutMs, clock }),
    };
  });
  return {
    of: (index) => pools[index % pools.length] as RoutePool,
    destroy() {
      for (const { pool } of pools) pool.destroy();
    },
  };
}

function requestHead(target: LoadTarget, load: LoadSpec, stream: boolean): string {
  const lines = Object.entries(requestHeaders(target, load.api)).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}\r\n`;
  });
  return `POST ${apiPath(target, load.api, stream)} HTTP/1.1\r\nhost: ${new URL(target.origin).host}\r\n${lines.join('')}`;
}
