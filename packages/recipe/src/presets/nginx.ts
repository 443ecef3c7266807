import { z } from 'zod';
import { repeatedRequest } from './http-client.ts';
import { clientPreset, servicePreset } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);

export const nginxService = servicePreset({
  name: 'nginx',
  description: 'nginx with its welcome page; writes under /tmp only.',
  settings: z.strictObject({}),
  render: () => ({
    image: 'nginx:alpine',
    command: String.raw`set -eu
mkdir -p /tmp/nginx
cat > /tmp/nginx/nginx.conf <<EOF
daemon off;
pid /tmp/nginx/pid;
error_log /dev/stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path /tmp/nginx/body;
  proxy_temp_path /tmp/nginx/proxy;
  fastcgi_temp_path /tmp/nginx/fastcgi;
  uwsgi_temp_path /tmp/nginx/uwsgi;
  scgi_temp_path /tmp/nginx/scgi;
  server { listen $PORT; root /usr/share/nginx/html; }
}
EOF
exec nginx -e stderr -c /tmp/nginx/nginx.conf
`,
    port: 80,
    env: {},
    ready: { http: '/' },
  }),
});

/** The same request many times; a smoke test and a load differ in how many. */
const pages = (name: string, description: string, defaults: { requests: number; concurrency: number }) =>
  clientPreset({
    name,
    service: 'nginx',
    description,
    settings: z.strictObject({
      path: z
        .string()
        .regex(/^\/[\w./?=&%-]*$/, { error: 'a path begins with / and holds no blanks' })
        .default('/'),
      num_requests: count(defaults.requests),
      concurrent_requests: count(defaults.concurrency),
    }),
    render: (s) => repeatedRequest({ operation: 'get', path: s.path, requests: s.num_requests, concurrency: s.concurrent_requests }),
  });

export const nginxClients = [
  pages('nginx_healthcheck', 'Gets one page many times, several at once.', { requests: 100, concurrency: 4 }),
  pages('nginx_stress', 'Gets one page very many times, many at once.', { requests: 10_000, concurrency: 50 }),
];
