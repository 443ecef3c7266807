import { BenchError, EXIT } from '@bench/core';

/** What a machine can do to itself; see `Provider.selfDestruct`. */
export interface SelfDestruct {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: unknown;
}

const SECONDS = 30;

/**
 * The request as files that curl (`curl -K request`) and GNU wget (`wget --config=wgetrc -i url`) read: nothing of it stands in a command line.
 * @throws BenchError `BENCH_LEASE_REQUEST` when it has line breaks or a header is not one
 */
export function requestFiles({ method, url, headers, body }: SelfDestruct): Record<'request' | 'wgetrc' | 'url', string> {
  const text = body === undefined ? null : JSON.stringify(body);
  const all = { ...(text === null || hasContentType(headers) ? {} : { 'Content-Type': 'application/json' }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  for (const one of [method, url, ...lines]) {
    // oxlint-disable-next-line no-control-regex -- a line break would be another option
    if (/[\u0000-\u001f\u007f]/.test(one)) throw unfit('is not one line');
  }
  if (!/^https?:\/\//.test(url) || !/^[A-Z]+$/.test(method)) {
    throw unfit('is no HTTP request');
  }
  const options = [
    ['url', url],
    ['request', method],
    ...lines.map((line) => ['header', line]),
    ...(text === null ? [] : [['data-raw', text]]),
    ['max-time', String(SECONDS)],
  ];
  const wget = [`method=${method}`, ...lines.map((line) => `header=${line}`), ...(text === null ? [] : [`body_data=${text}`])];
  return {
    request: `${options.map(([name, value]) => `${name} = ${quoted(value ?? '')}`).join('\n')}\nfail\nsilent\nshow-error\n`,
    wgetrc: `${wget.join('\n')}\n`,
    url: `${url}\n`,
  };
}

function hasContentType(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
}

/** curl(1), -K: between quotes, a backslash takes what follows as it is. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function unfit(what: string): BenchError {
  return new BenchError({
    code: 'BENCH_LEASE_REQUEST',
    message: `the request with which a machine ends itself ${what}`,
    exitCode: EXIT.missingPart,
  });
}
