import { z } from 'zod';
import { clientPreset, servicePreset, variables } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);

export const minioService = servicePreset({
  name: 'minio',
  description: 'MinIO on a folder; user bench, password $SERVICE_PASSWORD.',
  settings: z.strictObject({
    console_port: z.int().min(1).max(65_535).default(9001),
    data_dir: z.string().startsWith('/').default('/tmp/minio'),
  }),
  render: (s) => ({
    image: 'minio/minio:latest',
    command:
      'export MINIO_ROOT_USER=bench MINIO_ROOT_PASSWORD="$SERVICE_PASSWORD"\nexec minio server "$DATA_DIR" --address ":$PORT" --console-address "127.0.0.1:$CONSOLE_PORT"\n',
    port: 9000,
    env: variables(s),
    ready: { http: '/minio/health/live' },
  }),
});

const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,40}$/, { error: 'a bucket’s name is lower-case letters, digits and dashes' })
  .default('bench');

export const minioClients = [
  clientPreset({
    name: 'minio_smoke',
    service: 'minio',
    description: 'Puts an object and gets it back.',
    settings: z.strictObject({ bucket }),
    render: (s) => ({
      image: 'minio/mc:latest',
      command: String.raw`set -eu
export MC_CONFIG_DIR=/tmp/mc
export MC_HOST_bench="http://bench:$SERVICE_PASSWORD@$SERVICE_HOSTNAME:$SERVICE_PORT"
WHERE="bench/$BUCKET-smoke-$CLIENT_INDEX"
mc mb --ignore-existing "$WHERE" > /dev/null
echo 'an object' | mc pipe "$WHERE/object" > /dev/null
mc cat "$WHERE/object" > "$OUTPUT_DIR/answer.txt"
[ "$(cat "$OUTPUT_DIR/answer.txt")" = 'an object' ]
`,
      env: variables(s),
    }),
  }),
  clientPreset({
    name: 'minio_stress',
    service: 'minio',
    description: 'Puts objects into a bucket of this client’s own and gets them back, several at once.',
    settings: z.strictObject({
      bucket,
      num_objects: count(100),
      object_size_bytes: count(1_048_576),
      concurrent_requests: count(4),
    }),
    render: (s) => ({
      image: 'minio/mc:latest',
      command: String.raw`set -eu
export MC_CONFIG_DIR=/tmp/mc
export MC_HOST_bench="http://bench:$SERVICE_PASSWORD@$SERVICE_HOSTNAME:$SERVICE_PORT"
WHERE="bench/$BUCKET-$CLIENT_INDEX"
mc mb --ignore-existing "$WHERE" > /dev/null
mkdir -p /tmp/put /tmp/get
i=0
while [ "$i" -lt "$NUM_OBJECTS" ]; do head -c "$OBJECT_SIZE_BYTES" /dev/urandom > "/tmp/put/$i"; i=$((i + 1)); done
read A _ < /proc/uptime
mc mirror --quiet --overwrite --max-workers "$CONCURRENT_REQUESTS" /tmp/put "$WHERE" > /dev/null
read B _ < /proc/uptime
mc mirror --quiet --overwrite --max-workers "$CONCURRENT_REQUESTS" "$WHERE" /tmp/get > /dev/null
read C _ < /proc/uptime
hundredths() { echo "$(( $(echo "$2" | tr -d .) - $(echo "$1" | tr -d .) ))"; }
rate() { t=$(hundredths "$1" "$2"); [ "$t" -gt 0 ] || t=1; echo "$((NUM_OBJECTS * 100000 / t))"; }
per_s() { printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"; }
PUT=$(rate "$A" "$B")
GET=$(rate "$B" "$C")
echo "{\"requests\":$((NUM_OBJECTS * 2)),\"put_objects_per_second\":$(per_s "$PUT"),\"get_objects_per_second\":$(per_s "$GET"),\"put_bytes_per_second\":$((PUT * OBJECT_SIZE_BYTES / 1000)),\"get_bytes_per_second\":$((GET * OBJECT_SIZE_BYTES / 1000))}" > "$OUTPUT_DIR/metrics.json"
`,
      env: variables(s),
    }),
  }),
];
