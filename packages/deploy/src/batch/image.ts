import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** What runs the engine on a node. */
export type BatchRuntime = 'apptainer' | 'singularity' | 'charliecloud' | 'none';

/** An image as a job finds it. */
export interface BatchImage {
  /** Absolute path on the cluster: a SIF, or the folder of an unpacked image. */
  path: string;
  /** What it is pulled from; null: it is there already, and nobody's but the user's. */
  uri: string | null;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//;

/**
 * Where an image is on the cluster. What a registry has is kept by a name of its own: the reference's last part, its tag, and a hash of all of
 * it, so that no two references share a file; or the digest, where the reference has one, so that all who pin an image share it. An absolute path
 * is taken as it is.
 */
export function batchImage(reference: string, options: { runtime: BatchRuntime; folder: string }): BatchImage {
  if (posix.isAbsolute(reference)) return { path: posix.normalize(reference), uri: null };
  const plain = reference.replace(/^docker:\/\//, '');
  const uri = options.runtime === 'charliecloud' ? plain : SCHEME.test(reference) ? reference : `docker://${reference}`;
  return { path: posix.join(options.folder, `${nameOf(uri)}${options.runtime === 'charliecloud' ? '' : '.sif'}`), uri };
}

/** A whole digest, as an image's reference ends with it (OCI image specification, "Digests"). */
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** `vllm/vllm-openai:v0.11` is `vllm-openai-v0.11-1f0c…`, `redis@sha256:…` is `redis-sha256-…`; without a tag and digest registries give `latest`. */
function nameOf(uri: string): string {
  const last = uri.replace(SCHEME, '').split('/').at(-1) ?? '';
  const [named = '', digest] = last.split('@', 2);
  const [name = '', tag = digest === undefined ? 'latest' : undefined] = named.split(':', 2);
  const [, pinned] = DIGEST.exec(digest ?? '') ?? [];
  const known = pinned === undefined ? createHash('sha256').update(uri).digest('hex').slice(0, 16) : `sha256-${pinned}`;
  const words = [name, tag, known].filter((word) => word !== undefined && word !== '');
  return words.map((word) => (word as string).replaceAll(/[^A-Za-z0-9._-]+/g, '_')).join('-');
}
