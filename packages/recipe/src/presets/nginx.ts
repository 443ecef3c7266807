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

export const nginxClients = [
  clientPreset({
    name: 'nginx_healthcheck',
    service: 'nginx',
    description: 'Gets one page many times, several at once.',
    settings: z.strictObject({
      path: z
        .string()
        .regex(/^\/[\w./?=&%-]*$/, { error: 'a path begins with / and holds no blanks' })
        .default('/'),
      num_requests: count(100),
      concurrent_requests: count(4),
    }),
    render: (s) => repeatedRequest({ operation: 'get', path: s.path, requests: s.num_requests, concurrency: s.concurrent_requests }),
  }),
];
