import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TestImage } from './images/image.ts';
import { settingsOf } from './images/settings.ts';
import { joinNetwork, leaveNetwork } from './network.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

export interface RegistryOptions {
  /** Bytes a second of each layer, for pulls that take a while. Default: as fast as it goes. */
  bytesPerSecond?: number;
  signal?: AbortSignal;
}

/** A registry of images, in the network of the machines. It speaks what `docker pull` needs of the Docker Registry HTTP API V2. */
export interface Registry {
  /** `10.77.1.1:40123`: what image names begin with. Machines trust it without TLS. */
  readonly address: string;
  /** For {@link MachineOptions.registryMirror}: names without a registry come from here then. */
  readonly url: string;
  /** Offers an image as `<address>/<name>`. Default name: its own, with `library/` where it has no folder. */
  add(image: TestImage, name?: string): Promise<{ reference: string; digest: string }>;
  close(): Promise<void>;
}

type Blob = { type: string; bytes: Buffer } | { type: string; file: string };

/** Starts an empty registry. It answers only while this process's event loop turns: nothing synchronous may wait for a pull. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const network = await joinNetwork(options.signal);
  const blobs = new Map<string, Blob>();
  /** `library/nginx:alpine` to the digest of its manifest. */
  const tags = new Map<string, string>();
  const keep = (blob: { type: string; bytes: Buffer }): string => {
    const digest = `sha256:${createHash('sha256').update(blob.bytes).digest('hex')}`;
    blobs.set(digest, blob);
    return digest;
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (request.url === '/v2/') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    const digest = reference.startsWith('sha256:') ? reference : tags.get(`${name}:${reference}`);
    const blob = digest === undefined ? undefined : blobs.get(digest);
    if (!digest || !blob) {
      const code = kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN';
      const message = code.toLowerCase().replace('_', ' ');
      return void response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message }] }));
    }
    const size = 'bytes' in blob ? blob.bytes.length : statSync(blob.file).size;
    response.writeHead(200, { 'content-type': blob.type, 'content-length': size, 'docker-content-digest': digest });
    if (request.method === 'HEAD') return void response.end();
    if ('bytes' in blob) return void response.end(blob.bytes);
    await pipeline(createReadStream(blob.file), throttle(options.bytesPerSecond), response);
  }

  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, `${network.prefix}.1`, listening);
  }).catch(async (error: unknown) => {
    await leaveNetwork();
    throw error;
  });
  const address = `${network.prefix}.1:${(server.address() as AddressInfo).port}`;

  let closed: Promise<void> | undefined;
  return {
    address,
    url: `http://${address}`,
    async add(image, name = image.tag.includes('/') ? image.tag : `library/${image.tag}`) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(image.tar), hash);
      const layer = `sha256:${hash.digest('hex')}`;
      blobs.set(layer, { type: LAYER, file: image.tar });
      const configuration = Buffer.from(
        JSON.stringify({
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          os: 'linux',
          config: settingsOf(image.changes),
          rootfs: { type: 'layers', diff_ids: [layer] },
          history: [{ created_by: name }],
        }),
      );
      const manifest = {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: CONFIG, size: configuration.length, digest: keep({ type: CONFIG, bytes: configuration }) },
        layers: [{ mediaType: LAYER, size: statSync(image.tar).size, digest: layer }],
      };
      const digest = keep({ type: MANIFEST, bytes: Buffer.from(JSON.stringify(manifest)) });
      tags.set(name.includes(':') ? name : `${name}:latest`, digest);
      return { reference: `${address}/${name}`, digest };
    },
    close() {
      closed ??= (async () => {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
        await leaveNetwork();
      })();
      return closed;
    },
  };
}

/** Lets so many bytes through a second. */
function throttle(bytesPerSecond: number | undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (bytesPerSecond === undefined) done(undefined, chunk);
      else setTimeout(() => done(undefined, chunk), (chunk.length / bytesPerSecond) * 1000);
    },
  });
}
