import type { Instance } from './lay-out.ts';
import { BALANCER_PORT } from './lay-out.ts';

/** Where the balancer shows one engine by itself: `/_bench/0/health`. */
export function instancePath(index: number): string {
  return `/_bench/${index}`;
}

/** File with the key that an exposed endpoint asks for; beside `nginx.conf`, which thus holds no secret. */
export const KEY_FILE = 'api-key.conf';

/**
 * `nginx.conf` of the balancer: to the engine with the fewest requests, without buffers, so that tokens pass as they come. A request is
 * sent to one engine only and once: one that fails must be counted as failed, not hidden by a second try.
 */
export function renderNginx(instances: readonly Instance[], options: { key: boolean }): string {
  const servers = instances.map(({ service, port }) => `    server ${service}:${port} max_fails=0;`);
  const single = instances.map(
    ({ service, port }, index) => `    location ${instancePath(index)}/ {
      proxy_pass http://${service}:${port}/;
    }`,
  );
  return `user nginx;
worker_processes 4;
worker_rlimit_nofile 16384;
error_log /dev/stderr warn;
pid /tmp/nginx.pid;

events {
  worker_connections 8192;
}

http {
  access_log off;
${options.key ? `  include /etc/nginx/${KEY_FILE};\n` : ''}
  upstream engines {
    zone engines 64k;
    least_conn;
${servers.join('\n')}
  }

  server {
    listen ${BALANCER_PORT};
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_next_upstream off;
    proxy_connect_timeout 600s;
    proxy_send_timeout 600s;
    proxy_read_timeout 600s;
    send_timeout 600s;
${options.key ? '\n    if ($bench_key_ok = 0) {\n      return 401;\n    }\n' : ''}
    location / {
      proxy_pass http://engines;
    }
${single.join('\n')}
  }
}
`;
}

/** The file that {@link renderNginx} includes: requests with this bearer token pass. nginx compares without case, so a key has none. */
export function renderKeyFile(key: string): string {
  return `map_hash_bucket_size 256;\nmap $http_authorization $bench_key_ok {\n  default 0;\n  "Bearer ${key}" 1;\n}\n`;
}

/** The key in such a file; null: none. */
export function keyIn(text: string): string | null {
  return /"Bearer ([A-Za-z0-9_-]+)" 1;/.exec(text)?.[1] ?? null;
}
