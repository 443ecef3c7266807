import { withBase } from './base.ts';
import { buildArchive, findProgram, type TestImage } from './image.ts';

/** Where the official image keeps what others put things into. */
const CONFIG = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log;
  include /etc/nginx/conf.d/*.conf;
}
`;

const DEFAULT_SITE = `server {
  listen 80;
  location / { root /usr/share/nginx/html; index index.html; }
}
`;

/** nginx, with files where the official image has them. Default tag `nginx:alpine`. */
export async function nginxImage(tag = 'nginx:alpine'): Promise<TestImage> {
  const parts = withBase({
    kind: 'nginx',
    programs: { 'usr/sbin/nginx': findProgram('nginx') },
    copies: { 'etc/nginx/mime.types': '/etc/nginx/mime.types' },
    files: [
      { path: 'etc/nginx/nginx.conf', content: CONFIG },
      { path: 'etc/nginx/conf.d/default.conf', content: DEFAULT_SITE },
      { path: 'usr/share/nginx/html/index.html', content: '<!doctype html>\n<title>Welcome to nginx!</title>\n' },
    ],
    folders: { 'var/lib/nginx': 0o755, 'var/log/nginx': 0o755 },
    links: { 'var/log/nginx/access.log': '/dev/stdout', 'var/log/nginx/error.log': '/dev/stderr' },
  });
  return { tag, tar: await buildArchive(parts), changes: ['EXPOSE 80', 'CMD ["nginx","-g","daemon off;"]'] };
}
