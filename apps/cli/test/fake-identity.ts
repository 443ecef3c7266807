import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A service that exchanges a workload's own token for one of Google Cloud, as Google's token service does. */
export interface FakeIdentity {
  /** For the settings: `credentials_file`. */
  readonly file: string;
  close(): Promise<void>;
}

/**
 * Credentials of a workload identity, in two files.
 * @param tokens the workload's own, and what it is given for it
 */
export async function fakeIdentity(dir: string, tokens: { own: string; given: string }): Promise<FakeIdentity> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const known = new URLSearchParams(text).get('subject_token') === tokens.own;
      const body = known
        ? {
            access_token: tokens.given,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: 3600,
          }
        : { error: 'invalid_grant' };
      response.writeHead(known ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await writeFile(join(dir, 'own-token'), tokens.own, { mode: 0o600 });
  const file = join(dir, 'identity.json');
  const identity = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    credential_source: { file: join(dir, 'own-token') },
  };
  await writeFile(file, JSON.stringify(identity), { mode: 0o600 });
  return { file, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
