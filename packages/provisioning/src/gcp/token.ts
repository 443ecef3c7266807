import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BenchError, messageOf, type Io } from '@bench/core';
import { providerError } from '../contract/error.ts';
import { readSecret } from '../contract/secret.ts';
import type { CredentialSource } from './credentials.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GCLOUD_TIMEOUT_MS = 60_000;
/** gcloud's tokens live for an hour; it renews them in time. */
const GCLOUD_TOKEN_MS = 5 * 60_000;
const LOGIN = 'gcloud auth application-default login';

/** Tokens for one provider's calls. */
export interface Tokens {
  /** One that should still be valid, masked everywhere. @throws BenchError of kind `auth`, or `transient` when nobody could be asked */
  get(): Promise<string>;
  /** The last one was refused: get another one. False: there is no other. */
  renew(): boolean;
}

/** Tokens of a source. google-auth-library is loaded only when it is needed, and keeps them until they are about to end. */
export function tokensOf(source: CredentialSource, io: Io): Tokens {
  let client: Promise<AuthClient> | undefined;
  let cached: { token: string; until: number } | undefined;
  const masked = (token: string | null | undefined): string => {
    if (!token) throw refused(source, 'no token came');
    io.secrets.mask(token);
    return token;
  };
  return {
    async get() {
      try {
        if (source.kind === 'token') return masked(await readSecret(source.ref, io));
        if (source.kind === 'gcloud') {
          if (cached === undefined || io.monotonic() >= cached.until)
            cached = { token: masked(await printToken(source.program)), until: io.monotonic() + GCLOUD_TOKEN_MS };
          return cached.token;
        }
        client ??= openClient(source);
        return masked((await (await client).getAccessToken()).token);
      } catch (error) {
        client = undefined;
        throw BenchError.is(error) ? error : refused(source, io.redact(messageOf(error)), passes(error));
      }
    },
    renew() {
      cached = undefined;
      client = undefined;
      return source.kind !== 'token';
    },
  };
}

interface AuthClient {
  getAccessToken(): Promise<{ token?: string | null | undefined }>;
}

async function openClient(source: Extract<CredentialSource, { kind: 'file' | 'metadata' }>): Promise<AuthClient> {
  const { Compute, GoogleAuth } = await import('google-auth-library');
  if (source.kind === 'metadata') return new Compute({ scopes: [SCOPE] });
  return new GoogleAuth({ keyFilename: source.path, scopes: [SCOPE] }).getClient();
}

async function printToken(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['auth', 'print-access-token', '--quiet'], { timeout: GCLOUD_TIMEOUT_MS });
  return stdout.trim();
}

/** Whether it was the way to the token, and not the credentials: machines are still to be ended then. */
function passes(error: unknown): boolean {
  const {
    response,
    status: own,
    code,
    killed,
  } = error as {
    response?: { status?: unknown };
    status?: unknown;
    code?: unknown;
    killed?: unknown;
  };
  const status = response?.status ?? own;
  if (typeof status === 'number') return status >= 500 || status === 429 || status === 408;
  if (killed === true) return true;
  const word = typeof code === 'string' ? code : String((error as { cause?: { code?: unknown } }).cause?.code ?? '');
  return (
    /^(ECONN|ENET|EHOST|EAI_|ETIMEDOUT|EPIPE|ENOTFOUND|UND_ERR)/.test(word) || /fetch failed|network|timed? ?out/i.test(messageOf(error))
  );
}

function refused(source: CredentialSource, why: string, passing = false): BenchError {
  const from = { token: 'the token of the settings', file: 'the credentials file', metadata: 'the metadata server', gcloud: 'gcloud' }[
    source.kind
  ];
  const where = source.kind === 'file' ? ` ${source.path} (${source.from})` : source.kind === 'token' ? ` (${nameOf(source.ref)})` : '';
  const hint =
    source.kind === 'token' ? 'gcloud auth print-access-token prints one' : source.kind === 'gcloud' ? 'gcloud auth login' : LOGIN;
  return providerError({
    kind: passing ? 'transient' : 'auth',
    provider: 'gcp',
    op: 'token',
    message: `no token from ${from}${where}`,
    providerMessage: why,
    hint,
  });
}

const nameOf = (ref: Extract<CredentialSource, { kind: 'token' }>['ref']): string => ('from_env' in ref ? ref.from_env : ref.from_file);
