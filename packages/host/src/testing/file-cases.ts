import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '@bench/core';
import { hasCode } from './checks.ts';
import type { CaseBody, CaseContext } from './contract-case.ts';

const NAMES = [
  "it's $(id)",
  '-n',
  'two\nlines',
  '日本語 👩‍🚀',
  '*?[x]',
  'back\\slash',
  '.hidden',
  ' ',
  '"quoted"',
  '#',
  '!x',
  '~',
  '@x',
  'a:b',
];

const text = async (host: Host, path: string) => (await host.exec({ argv: ['cat', '--', path] })).stdout;
const mode = async (host: Host, path: string) => (await host.exec({ argv: ['stat', '-c', '%a', '--', path] })).stdout.trim();
const list = async (host: Host, path: string) => (await host.exec({ argv: ['ls', '-A', '--', path] })).stdout;

/** A folder with everything that files can be. */
async function makeTree(root: string): Promise<void> {
  await mkdir(join(root, 'below', 'empty'), { recursive: true });
  await writeFile(join(root, 'run.sh'), '#!/bin/sh\n');
  await chmod(join(root, 'run.sh'), 0o755);
  await writeFile(join(root, 'secret'), 'x', { mode: 0o600 });
  await writeFile(join(root, 'below', 'nothing'), '');
  await symlink('run.sh', join(root, 'link'));
  await symlink('/no/such/place', join(root, 'below', 'dangling'));
  await chmod(join(root, 'below'), 0o750);
  for (const name of NAMES) await writeFile(join(root, name), name);
}

async function describeTree(root: string, below = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = join(below, name);
    const stat = await lstat(join(root, path));
    const bits = (stat.mode & 0o777).toString(8);
    if (stat.isSymbolicLink()) found[path] = `-> ${await readlink(join(root, path))}`;
    else if (stat.isDirectory()) Object.assign(found, { [path]: bits }, await describeTree(root, path));
    else found[path] = `${bits} ${await readFile(join(root, path), 'utf8')}`;
  }
  return found;
}

const asUser =
  (body: CaseBody): CaseBody =>
  async (context: CaseContext) => {
    const root = context.options.isRoot ?? (await context.host.exec({ argv: ['id', '-u'] })).stdout.trim() === '0';
    if (!root) await body(context);
  };

export const FILE_CASES: Record<string, CaseBody> = {
  'write: content, mode, and the folders above': async ({ host, far }) => {
    const path = `${far}/a b/it's/$(id)/file`;
    const content = randomBytes(100_000);
    await host.write(path, content, 0o600);
    const { stdout } = await host.exec({ argv: ['sha256sum'], stdin: content });
    assert.equal((await host.exec({ script: 'sha256sum <"$1"', args: [path] })).stdout, stdout);
    assert.equal(await mode(host, path), '600');
    await host.write(path, 'short', 0o644);
    assert.deepEqual([await text(host, path), await mode(host, path)], ['short', '644']);
    await host.write(path, '');
    assert.equal(await text(host, path), '');
    assert.equal(await list(host, `${far}/a b/it's/$(id)`), 'file\n');
  },

  'write: what is there is kept when it cannot be replaced': async ({ host, far }) => {
    await host.write(`${far}/folder/file`, 'old');
    await assert.rejects(host.write(`${far}/folder`, 'new'));
    await assert.rejects(host.write(`${far}/folder/file/below`, 'new'));
    assert.equal(await text(host, `${far}/folder/file`), 'old');
    assert.equal(await list(host, far), 'folder\n');
  },

  'write: a place that is forbidden is an error that says so': asUser(async ({ host, far }) => {
    await host.exec({ argv: ['mkdir', '-m', '500', `${far}/closed`] });
    await assert.rejects(host.write(`${far}/closed/file`, 'x'), hasCode('BENCH_HOST_PERMISSION'));
  }),

  'put and get: a folder goes over whole, with modes and links, and comes back the same': async ({ host, far, near }) => {
    await makeTree(join(near, 'tree'));
    await host.put(join(near, 'tree'), `${far}/new/place`);
    assert.equal(await mode(host, `${far}/new/place/run.sh`), '755');
    assert.equal(await mode(host, `${far}/new/place/secret`), '600');
    assert.equal((await host.exec({ argv: ['readlink', `${far}/new/place/link`] })).stdout, 'run.sh\n');
    await host.get(`${far}/new/place`, join(near, 'back'));
    assert.deepEqual(await describeTree(join(near, 'back')), await describeTree(join(near, 'tree')));
    assert.deepEqual([await list(host, `${far}/new`), (await readdir(near)).sort()], ['place\n', ['back', 'tree']]);
  },

  'put and get: what was there before is replaced, not mixed': async ({ host, far, near }) => {
    await makeTree(join(near, 'tree'));
    await host.write(`${far}/place/stale`, 'stale');
    await host.put(join(near, 'tree'), `${far}/place/`);
    assert.doesNotMatch(await list(host, `${far}/place`), /stale/);
    await host.put(join(near, 'tree', 'secret'), `${far}/place`);
    assert.equal(await text(host, `${far}/place`), 'x');
    await host.put(join(near, 'tree'), `${far}/place`);
    assert.equal(await text(host, `${far}/place/secret`), 'x');
    await host.get(`${far}/place/secret`, join(near, 'tree'));
    assert.equal(await readFile(join(near, 'tree'), 'utf8'), 'x');
    await host.get(`${far}/place`, join(near, 'tree'));
    assert.equal(await readFile(join(near, 'tree', 'secret'), 'utf8'), 'x');
    assert.deepEqual([await list(host, far), await readdir(near)], ['place\n', ['tree']]);
  },

  'put and get: files of any name': async ({ host, far, near }) => {
    for (const name of NAMES) {
      await writeFile(join(near, name), name);
      await host.put(join(near, name), `${far}/${name}!`);
      await host.get(`${far}/${name}!`, join(near, 'back'));
      assert.equal(await readFile(join(near, 'back'), 'utf8'), name);
    }
  },

  'put and get: a link that is named itself is followed': async ({ host, far, near }) => {
    await makeTree(join(near, 'tree'));
    await symlink('tree/secret', join(near, 'link'));
    await host.put(join(near, 'link'), `${far}/one`);
    assert.deepEqual([await text(host, `${far}/one`), await mode(host, `${far}/one`)], ['x', '600']);
    await host.exec({ argv: ['ln', '-s', 'one', `${far}/link`] });
    await host.get(`${far}/link`, join(near, 'back'));
    assert.equal(await readFile(join(near, 'back'), 'utf8'), 'x');
    assert.equal((await lstat(join(near, 'back'))).isSymbolicLink(), false);
  },

  'put and get: large files with progress': async ({ host, far, near }) => {
    const content = randomBytes(20_000_003);
    const sum = createHash('sha256').update(content).digest('hex');
    await writeFile(join(near, 'large'), content);
    const seen: { bytes: number; totalBytes: number | null }[] = [];
    const onProgress = (progress: { bytes: number; totalBytes: number | null }) => void seen.push(progress);
    await host.put(join(near, 'large'), `${far}/large`, { onProgress });
    assert.ok(seen.length > 10);
    assert.deepEqual(seen.at(-1), { bytes: content.length, totalBytes: content.length });
    assert.deepEqual(
      seen.map((p) => p.bytes),
      seen.map((p) => p.bytes).sort((a, b) => a - b),
    );
    assert.equal((await host.exec({ argv: ['sha256sum', `${far}/large`] })).stdout.split(' ')[0], sum);
    seen.length = 0;
    await host.get(`${far}/large`, join(near, 'back'), { onProgress });
    assert.deepEqual(seen.at(-1), { bytes: content.length, totalBytes: content.length });
    assert.ok(content.equals(await readFile(join(near, 'back'))));
  },

  'put and get: an abort leaves what was there, and nothing else': async ({ host, far, near }) => {
    await writeFile(join(near, 'large'), Buffer.alloc(30_000_000));
    await host.write(`${far}/kept`, 'old');
    await host.put(join(near, 'large'), `${far}/large`);
    await writeFile(join(near, 'kept'), 'old');
    for (const go of [
      (o: object) => host.put(join(near, 'large'), `${far}/kept`, o),
      (o: object) => host.get(`${far}/large`, join(near, 'kept'), o),
    ]) {
      const controller = new AbortController();
      const onProgress = ({ bytes }: { bytes: number }) => {
        if (bytes > 1_000_000) controller.abort(new Error('enough'));
      };
      await assert.rejects(go({ signal: controller.signal, onProgress }), /enough/);
      await assert.rejects(go({ signal: controller.signal }), /enough/);
    }
    assert.deepEqual([await text(host, `${far}/kept`), await readFile(join(near, 'kept'), 'utf8')], ['old', 'old']);
    assert.deepEqual([await list(host, far), (await readdir(near)).sort()], ['kept\nlarge\n', ['kept', 'large']]);
  },

  'put and get: what is not there is an error that says so': async ({ host, far, near }) => {
    await assert.rejects(host.put(join(near, 'none'), `${far}/x`), hasCode('BENCH_HOST_NO_FILE'));
    await assert.rejects(host.get(`${far}/none`, join(near, 'x')), hasCode('BENCH_HOST_NO_FILE'));
    assert.deepEqual([await list(host, far), await readdir(near)], ['', []]);
  },

  'put and get: what is forbidden is an error that says so': asUser(async ({ host, far, near }) => {
    await writeFile(join(near, 'file'), 'x');
    await host.exec({ script: 'mkdir -m 500 "$1/closed"; echo x >"$1/unread"; chmod 000 "$1/unread"', args: [far] });
    await assert.rejects(host.put(join(near, 'file'), `${far}/closed/file`), hasCode('BENCH_HOST_PERMISSION'));
    await assert.rejects(host.get(`${far}/unread`, join(near, 'x')), hasCode('BENCH_HOST_PERMISSION'));
    assert.deepEqual(await readdir(near), ['file']);
  }),

  'a full disk is an error that says so, and nothing half-written is left': async ({ host, near, options }) => {
    const small = options.smallFolder?.();
    if (small === undefined) return;
    const place = `${small}/place-${process.pid}`;
    await host.write(`${place}/kept`, 'old');
    await mkdir(join(near, 'big'));
    await writeFile(join(near, 'big', 'file'), randomBytes(6_000_000));
    await assert.rejects(host.put(join(near, 'big'), `${place}/big`), hasCode('BENCH_HOST_DISK_FULL'));
    await assert.rejects(host.put(join(near, 'big', 'file'), `${place}/kept`), hasCode('BENCH_HOST_DISK_FULL'));
    await assert.rejects(host.write(`${place}/kept`, randomBytes(6_000_000)), hasCode('BENCH_HOST_DISK_FULL'));
    assert.deepEqual([await list(host, place), await text(host, `${place}/kept`)], ['kept\n', 'old']);
    await host.exec({ argv: ['rm', '-rf', place] });
  },
};
