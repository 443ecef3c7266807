import { realpathSync } from 'node:fs';
import { withBase } from './base.ts';
import { buildArchive, type TestImage } from './image.ts';

/** As in the official image: `docker run IMAGE script.js` and `docker run IMAGE program` both do what one expects. */
const ENTRYPOINT = String.raw`#!/bin/sh
case "$1" in
  -*) exec node "$@" ;;
esac
if command -v "$1" > /dev/null 2>&1; then exec "$@"; fi
exec node "$@"
`;

/** This process's Node on the base. Default tag `node:<its major version>-slim`. */
export async function nodeImage(tag = `node:${process.versions.node.split('.')[0]}-slim`): Promise<TestImage> {
  const parts = withBase({
    kind: 'node',
    programs: { 'usr/local/bin/node': realpathSync(process.execPath) },
    files: [{ path: 'usr/local/bin/docker-entrypoint.sh', content: ENTRYPOINT, mode: 0o755 }],
  });
  const changes = [
    `ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    `ENV NODE_VERSION=${process.versions.node}`,
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    'CMD ["node"]',
  ];
  return { tag, tar: await buildArchive(parts), changes };
}
