import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { batchNode, type BatchNode, closeBatchNodes } from './testing/batch-node.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeBatchNodes();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A folder with a few programs and what they load: an unpacked image. */
const MAKE = String.raw`
set -eu
mkdir -p "$1"/bin "$1"/dev "$1"/proc "$1"/sys "$1"/tmp "$1"/etc "$1"/ch
touch "$1/etc/passwd" "$1/etc/group" "$1/etc/hosts" "$1/etc/resolv.conf"
echo 'FROM_IMAGE=yes' > "$1/ch/environment"
for program in sh sleep cat ls env touch; do
  path=$(command -v "$program")
  cp -L "$path" "$1/bin/"
  for library in $(ldd "$path" | grep -o '/[^ ]*'); do mkdir -p "$1$(dirname "$library")"; cp -L "$library" "$1$library"; done
done
`;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'bench-charliecloud-'));
  cleanups.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function image(): Promise<string> {
  const path = join(await folder(), 'image');
  execFileSync('sh', ['-c', MAKE, 'sh', path]);
  return path;
}

const CLIENT =
  'env > "$OUTPUT_DIR/env"; ls /tmp > "$OUTPUT_DIR/tmp"; cat /data/file > "$OUTPUT_DIR/data"; printf %s "$NASTY" > "$OUTPUT_DIR/nasty"';
const nasty = '"\'$(id) `id` $FROM_IMAGE\n';

const recipe = (imageName: string, data: string) =>
  JSON.stringify({
    service: { image: imageName, command: 'touch /tmp/of-the-service; echo up; sleep 100', ready: { log: 'up' } },
    clients: { load: { command: CLIENT, env: { NASTY: nasty } } },
    slurm: { runtime: 'charliecloud', binds: [`${data}:/data`] },
  });

const output = (node: BatchNode, file: string) => readFile(join(node.plan.record.folder, 'clients/0/0', file), 'utf8');

describe.skipIf(!part('charliecloud').present)('in Charliecloud', () => {
  it('a service and its client run in an unpacked image of the cluster', async () => {
    const data = await folder();
    await writeFile(join(data, 'file'), 'of the cluster');
    const node = await batchNode(recipe(await image(), data));
    const jobs = [node.service({ OF_THE_NODE: '1' }), node.client(0, { OF_THE_NODE: '1' })];
    expect(await Promise.all(jobs.map(({ ended }) => ended)), jobs.map((job) => job.output()).join('')).toEqual([0, 0]);
    expect(await node.state('service.image')).toMatchObject({ action: 'given' });
    const env = await output(node, 'env');
    expect(env).toMatch(/^FROM_IMAGE=yes$/m);
    expect(env).toMatch(/^HOME=\/bench\/job\/home$/m);
    expect(env).not.toContain('OF_THE_NODE');
    expect(await output(node, 'tmp')).toBe('');
    expect(await output(node, 'data')).toBe('of the cluster');
    expect(await output(node, 'nasty')).toBe(nasty);
  });

  it('an image of a registry is unpacked once, whole or not at all', async () => {
    const source = await image();
    const bin = await folder();
    // There is no registry here: these two do what ch-image and ch-convert would, of one image.
    await writeFile(
      join(bin, 'ch-image'),
      '#!/bin/sh\n[ "$1 $2" = "pull r.example/a:1" ] || exit 2\n[ -n "$CH_IMAGE_STORAGE" ] || exit 3\n',
      { mode: 0o755 },
    );
    await writeFile(
      join(bin, 'ch-convert'),
      `#!/bin/sh\n[ "$1 $2 $3 $4 $5" = "-i ch-image -o dir r.example/a:1" ] || exit 2\necho x >> "${bin}/converted"\nsleep 1\ncp -R "${source}" "$6"\n`,
      { mode: 0o755 },
    );
    const data = await folder();
    await writeFile(join(data, 'file'), 'x');
    const node = await batchNode(recipe('r.example/a:1', data), { env: { PATH: `${bin}:${process.env.PATH}` } });
    const jobs = [node.service(), node.client(0)];
    expect(await Promise.all(jobs.map(({ ended }) => ended)), jobs.map((job) => job.output()).join('')).toEqual([0, 0]);
    expect(await readFile(join(bin, 'converted'), 'utf8')).toBe('x\n');
    expect(await readdir(join(node.remoteDir, 'cache/images'))).toEqual([expect.stringMatching(/^a-1-[0-9a-f]{16}$/)]);
    expect(await output(node, 'data')).toBe('x');
  });
});
