import { describe, expect, it } from 'vitest';
import { batchImage, type BatchRuntime } from './image.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const pathOf = (reference: string, runtime: BatchRuntime = 'apptainer') => batchImage(reference, { runtime, folder: '/c' }).path;

describe('the file of an image', () => {
  it.each([
    ['redis:8', /^\/c\/redis-8-[0-9a-f]{16}\.sif$/],
    ['redis', /^\/c\/redis-latest-[0-9a-f]{16}\.sif$/],
    ['redis@sha256:abc', /^\/c\/redis-[0-9a-f]{16}\.sif$/],
    ['/shared/redis.sif', /^\/shared\/redis\.sif$/],
  ])('%s', (reference, path) => expect(pathOf(reference)).toMatch(path));

  it('has the name of the digest that pins it, wherever it comes from', () => {
    expect(pathOf(`r.example/a/redis@sha256:${DIGEST}`)).toBe(`/c/redis-sha256-${DIGEST}.sif`);
    expect(pathOf(`docker://redis@sha256:${DIGEST}`)).toBe(`/c/redis-sha256-${DIGEST}.sif`);
    expect(pathOf(`redis:8@sha256:${DIGEST}`)).toBe(`/c/redis-8-sha256-${DIGEST}.sif`);
    expect(pathOf(`redis@sha256:${DIGEST}`, 'charliecloud')).toBe(`/c/redis-sha256-${DIGEST}`);
    expect(batchImage(`redis@sha256:${DIGEST}`, { runtime: 'apptainer', folder: '/c' }).uri).toBe(`docker://redis@sha256:${DIGEST}`);
  });
});
