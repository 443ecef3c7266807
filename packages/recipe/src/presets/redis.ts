import { z } from 'zod';
import { clientPreset, servicePreset, variables } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);

export const redisService = servicePreset({
  name: 'redis',
  description: 'Redis in memory; password $SERVICE_PASSWORD.',
  settings: z.strictObject({
    appendonly: z.boolean().default(false).describe('Write every change to a file.'),
    maxmemory: z
      .string()
      .regex(/^\d+(kb|mb|gb)?$/i, { error: 'Redis writes memory as "512mb"' })
      .default('0')
      .describe('0: no limit.'),
    maxmemory_policy: z
      .enum([
        'noeviction',
        'allkeys-lru',
        'allkeys-lfu',
        'allkeys-random',
        'volatile-lru',
        'volatile-lfu',
        'volatile-random',
        'volatile-ttl',
      ])
      .default('noeviction'),
  }),
  render: (s) => ({
    image: 'redis:8',
    // The settings go in by stdin, so that the password is in no process list.
    command: `set -eu
umask 077
printf 'bind 0.0.0.0\\nport %s\\nrequirepass %s\\ndir /tmp\\nsave ""\\nappendonly %s\\nmaxmemory %s\\nmaxmemory-policy %s\\n' \\
  "$PORT" "$SERVICE_PASSWORD" "$APPENDONLY" "$MAXMEMORY" "$MAXMEMORY_POLICY" > /tmp/redis.conf
exec redis-server /tmp/redis.conf
`,
    port: 6379,
    env: { ...variables(s), APPENDONLY: s.appendonly ? 'yes' : 'no' },
    ready: { tcp: true },
  }),
});

export const redisClients = [
  clientPreset({
    name: 'redis_smoke',
    service: 'redis',
    description: 'Sets a value, gets it back and deletes it.',
    settings: z.strictObject({}),
    render: () => ({
      image: null,
      command: String.raw`set -eu
export REDISCLI_AUTH="$SERVICE_PASSWORD"
KEY="bench-smoke-$CLIENT_INDEX"
printf 'SET %s yes\nGET %s\nDEL %s\n' "$KEY" "$KEY" "$KEY" | redis-cli -h "$SERVICE_HOSTNAME" -p "$SERVICE_PORT" > "$OUTPUT_DIR/answer.txt"
[ "$(tr '\n' ' ' < "$OUTPUT_DIR/answer.txt")" = 'OK yes 1 ' ] || { cat "$OUTPUT_DIR/answer.txt" >&2; exit 1; }
`,
      env: {},
    }),
  }),
  clientPreset({
    name: 'redis_stress',
    service: 'redis',
    description: 'redis-benchmark: SET and GET.',
    settings: z.strictObject({
      num_requests: count(100_000).describe('Of each operation.'),
      concurrent_requests: count(50).describe('Connections.'),
      value_size_bytes: count(64),
      key_count: count(10_000).describe('Keys the requests are spread over.'),
      pipeline: count(1).describe('Requests sent together.'),
    }),
    render: (s) => ({
      image: null,
      // redis-benchmark takes a password as an argument only, which everyone on the host can read: it gets a user of its own without
      // one, of a name that nobody can guess, who can do nothing but this and is gone afterwards.
      command: String.raw`set -eu
export REDISCLI_AUTH="$SERVICE_PASSWORD"
ask() { redis-cli -h "$SERVICE_HOSTNAME" -p "$SERVICE_PORT"; }
LOAD_USER=load-$(cat /proc/sys/kernel/random/uuid)
trap 'echo "ACL DELUSER $LOAD_USER" | ask > /dev/null' EXIT
ANSWER=$(echo "ACL SETUSER $LOAD_USER on nopass ~key:* +get +set +ping" | ask)
[ "$ANSWER" = OK ] || { echo "$ANSWER" >&2; exit 1; }
redis-benchmark -h "$SERVICE_HOSTNAME" -p "$SERVICE_PORT" --user "$LOAD_USER" -a none -t set,get -n "$NUM_REQUESTS" -c "$CONCURRENT_REQUESTS" -d "$VALUE_SIZE_BYTES" \
  -r "$KEY_COUNT" -P "$PIPELINE" --csv > "$OUTPUT_DIR/redis-benchmark.csv"
awk -F, 'NR > 1 { gsub(/"/, ""); op = tolower($1); printf "%s\"%s_requests_per_second\":%s,\"%s_latency_mean_ms\":%s,\"%s_latency_p50_ms\":%s,\"%s_latency_p95_ms\":%s,\"%s_latency_p99_ms\":%s",
  (NR == 2 ? "{" : ","), op, $2, op, $3, op, $5, op, $6, op, $7 } END { print "}"; exit (NR < 2) }' "$OUTPUT_DIR/redis-benchmark.csv" > "$OUTPUT_DIR/metrics.json"
`,
      env: variables(s),
    }),
  }),
];
