import { withBase } from './base.ts';
import { buildArchive, findProgram, type TestImage } from './image.ts';

/** Redis with redis-cli and redis-benchmark. Default tag: that of the preset's image. */
export async function redisImage(tag = 'redis:8'): Promise<TestImage> {
  const programs = ['redis-server', 'redis-cli', 'redis-benchmark'].map((name) => [`usr/local/bin/${name}`, findProgram(name)]);
  const parts = withBase({ kind: 'redis', programs: Object.fromEntries(programs), folders: { data: 0o777 } });
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const changes = [path, 'WORKDIR /data', 'EXPOSE 6379', 'CMD ["redis-server","--protected-mode","no"]'];
  return { tag, tar: await buildArchive(parts), changes };
}
