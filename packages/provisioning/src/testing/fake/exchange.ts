/** A request as a fake sees it. */
export interface FakeRequest {
  method: string;
  /** Without the query, decoded as the URL has it. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The body as it came. */
  text: string;
  /** The body as JSON; undefined: empty, or not JSON. Keys keep their order. */
  body: unknown;
  /** What it identified itself with: `X-API-Key`, or the token after `Bearer`. */
  credential: string | null;
  /** Whether that is accepted now. A fake answers what its provider would when it is not. */
  authorized: boolean;
  /** Whether the client was sent the whole answer; false: it was lost or spoilt on the way. */
  answered: Promise<boolean>;
}

/** What a fake answers. An object is sent as JSON, a text as it is (`text/plain`), undefined as an empty body. */
export interface FakeAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

/** A request in the log of a fake. */
export interface LoggedRequest {
  method: string;
  path: string;
  /** With its question mark; empty: none. */
  query: string;
  /** Values of credentials are replaced. */
  headers: Readonly<Record<string, string>>;
  text: string;
  body: unknown;
  /** By the fake's clock, milliseconds. */
  at: number;
  /** What was answered; null: nothing, or not yet. */
  status: number | null;
  /** The fault that befell it; null: none. */
  fault: string | null;
}

const CREDENTIALS = new Set(['authorization', 'x-api-key', 'cookie', 'proxy-authorization']);

/** Headers for the log. */
export function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, CREDENTIALS.has(name) ? '[credential]' : value]));
}

/** The key or token of a request. */
export function credentialOf(headers: Readonly<Record<string, string>>): string | null {
  return headers['x-api-key'] ?? /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? null;
}
