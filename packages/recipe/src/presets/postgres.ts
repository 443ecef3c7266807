import { z } from 'zod';
import { clientPreset, servicePreset, variables } from './preset.ts';

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'a name is lower-case letters, digits and _' });
const memory = z.string().regex(/^\d+(kB|MB|GB)$/, { error: 'PostgreSQL writes memory as "256MB"' });
const count = (value: number) => z.int().positive().default(value);

/** The server refuses to run as root; in Apptainer one is never root. */
const START = String.raw`set -eu
umask 077
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)"
if [ "$(id -u)" = 0 ]; then as='gosu postgres'; else as=; fi
mkdir -p "$PGDATA"
if [ -n "$as" ]; then chown postgres "$PGDATA"; fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$SERVICE_PASSWORD" > /tmp/pgpassword
  if [ -n "$as" ]; then chown postgres /tmp/pgpassword; fi
  $as initdb -D "$PGDATA" -U postgres -A "$AUTH" --pwfile=/tmp/pgpassword
  rm /tmp/pgpassword
  echo "host all all all $AUTH" | $as tee -a "$PGDATA/pg_hba.conf" > /dev/null
  echo "CREATE DATABASE $DB_NAME" | $as postgres --single -D "$PGDATA" postgres > /dev/null
fi
exec $as postgres -D "$PGDATA" -p "$PORT" -c listen_addresses='*' -c unix_socket_directories=/tmp \
  -c shared_buffers="$SHARED_BUFFERS" -c effective_cache_size="$EFFECTIVE_CACHE_SIZE" -c maintenance_work_mem="$MAINTENANCE_WORK_MEM"
`;

export const postgresService = servicePreset({
  name: 'postgres',
  description: 'PostgreSQL with a fresh cluster and one database; user postgres, password $SERVICE_PASSWORD.',
  settings: z.strictObject({
    db_name: name.default('bench'),
    data_dir: z.string().startsWith('/').default('/tmp/pgdata'),
    auth: z.enum(['scram-sha-256', 'trust']).default('scram-sha-256').describe('trust lets in whoever reaches the port.'),
    shared_buffers: memory.default('128MB'),
    effective_cache_size: memory.default('512MB'),
    maintenance_work_mem: memory.default('64MB'),
  }),
  render: ({ data_dir, ...s }) => ({
    image: 'postgres:17',
    command: START,
    port: 5432,
    env: { ...variables(s), PGDATA: data_dir },
    ready: { log: 'database system is ready to accept connections' },
  }),
});

const CONNECT = `set -eu
export PGHOST="$SERVICE_HOSTNAME" PGPORT="$SERVICE_PORT" PGUSER=postgres PGPASSWORD="$SERVICE_PASSWORD" PGDATABASE="$DB_NAME"
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)"
`;

/** pgbench's figures, out of its text. */
const FIGURES = String.raw`
awk '/^latency average/ { latency = $4 } /^tps/ { tps = $3 } /number of transactions actually processed/ { split($6, n, "/"); done = n[1] } /number of failed transactions/ { failed = $5 }
  END { printf "{\"requests\":%d,\"failed_requests\":%d,\"requests_per_second\":%s,\"latency_mean_ms\":%s}\n", done, failed, tps, latency; exit (tps == "") }' \
  "$OUTPUT_DIR/pgbench.txt" > "$OUTPUT_DIR/metrics.json"
`;

export const postgresClients = [
  clientPreset({
    name: 'postgres_smoke',
    service: 'postgres',
    description: 'Asks one question.',
    settings: z.strictObject({ db_name: name.default('bench'), query: z.string().min(1).default('SELECT version()') }),
    render: (s) => ({
      image: null,
      command: `${CONNECT}psql --no-psqlrc -v ON_ERROR_STOP=1 -c "$QUERY" > "$OUTPUT_DIR/answer.txt"\n`,
      env: variables(s),
    }),
  }),
  clientPreset({
    name: 'postgres_stress',
    service: 'postgres',
    description: 'pgbench over a table of this client’s own: inserts and selects in the proportion asked.',
    settings: z.strictObject({
      db_name: name.default('bench'),
      table_name: name.default('bench_items'),
      num_inserts: count(1000).describe('Rows inserted in all.'),
      num_selects: count(1000).describe('Rows selected in all.'),
      concurrent_requests: count(4).describe('Connections.'),
    }),
    render: (s) => ({
      image: null,
      command: `${CONNECT}TABLE="$TABLE_NAME"_"$CLIENT_INDEX"
psql --no-psqlrc -q -v ON_ERROR_STOP=1 -c "CREATE TABLE IF NOT EXISTS $TABLE (id bigserial PRIMARY KEY, value text)" -c "INSERT INTO $TABLE (value) SELECT md5(i::text) FROM generate_series(1, 1000) i"
echo "INSERT INTO $TABLE (value) VALUES (md5(random()::text));" > /tmp/insert.sql
echo "SELECT value FROM $TABLE WHERE id = 1 + (random() * 999)::int;" > /tmp/select.sql
EACH=$(( (NUM_INSERTS + NUM_SELECTS + CONCURRENT_REQUESTS - 1) / CONCURRENT_REQUESTS ))
pgbench --no-vacuum -c "$CONCURRENT_REQUESTS" -j "$CONCURRENT_REQUESTS" -t "$EACH" -f "/tmp/insert.sql@$NUM_INSERTS" -f "/tmp/select.sql@$NUM_SELECTS" > "$OUTPUT_DIR/pgbench.txt"
${FIGURES}`,
      env: variables(s),
    }),
  }),
];
