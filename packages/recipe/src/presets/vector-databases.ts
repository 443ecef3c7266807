import { z } from 'zod';
import { CURL_IMAGE, httpClientScript, repeatedRequest, WRITE_OUT } from './http-client.ts';
import { clientPreset, servicePreset, variables } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);
const collection = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{1,40}[A-Za-z0-9]$/, { error: 'a collection’s name is letters, digits, _ and -' });

export const chromaService = servicePreset({
  name: 'chroma',
  description: 'Chroma, a vector database. It has no access control: anyone on its network may ask.',
  settings: z.strictObject({}),
  render: () => ({
    image: 'chromadb/chroma:latest',
    command: 'exec chroma run --host 0.0.0.0 --port "$PORT" --path /tmp/chroma\n',
    port: 8000,
    env: {},
    ready: { http: '/api/v2/heartbeat' },
  }),
});

export const qdrantService = servicePreset({
  name: 'qdrant',
  description: 'Qdrant, a vector database; API key $SERVICE_PASSWORD.',
  settings: z.strictObject({ storage_path: z.string().startsWith('/').default('/tmp/qdrant') }),
  render: (s) => ({
    image: 'qdrant/qdrant:latest',
    command: `set -eu
export QDRANT__SERVICE__API_KEY="$SERVICE_PASSWORD" QDRANT__SERVICE__HTTP_PORT="$PORT" QDRANT__SERVICE__GRPC_PORT=0
export QDRANT__STORAGE__STORAGE_PATH="$STORAGE_PATH/storage" QDRANT__STORAGE__SNAPSHOTS_PATH="$STORAGE_PATH/snapshots"
mkdir -p "$STORAGE_PATH"
cd /qdrant
exec ./qdrant
`,
    port: 6333,
    env: variables(s),
    ready: { http: '/readyz' },
  }),
});

/**
 * Shell functions that write random vectors: `vectors N SEED` prints N comma-separated arrays of $DIM numbers. The seed
 * makes a client's data its own and the same every time.
 */
const VECTORS = String.raw`
vectors() {
  awk -v n="$1" -v dim="$DIM" -v seed="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) { printf "%s[", (i ? "," : ""); for (j = 0; j < dim; j++) printf "%s%.5f", (j ? "," : ""), rand() * 2 - 1; printf "]" } }'
}
request() {
  printf 'next\nurl = "%s"\nrequest = "%s"\ndata-binary = "@%s"\nheader = "Content-Type: application/json"\noutput = /dev/null\nsilent\nmax-time = "%s"\n' "$SERVICE_URL$2" "$1" "$3" "$REQUEST_TIMEOUT"
  printf '%s\n' '${WRITE_OUT}'
  printf 'header = "api-key: %s"\n' "$SERVICE_PASSWORD"
}
ask() { curl --silent --show-error --fail --max-time 60 -H 'Content-Type: application/json' -H "api-key: $SERVICE_PASSWORD" "$@"; }
`;

/** Inserts in batches, then queries, each timed; one figure for both in metrics.json, rows apart in requests.csv. */
const QDRANT = httpClientScript(String.raw`${VECTORS}
NAME="$COLLECTION-$CLIENT_INDEX"
ask -X DELETE "$SERVICE_URL/collections/$NAME" > /dev/null || true
ask -X PUT -d "{\"vectors\":{\"size\":$DIM,\"distance\":\"Cosine\"}}" "$SERVICE_URL/collections/$NAME" > /dev/null
i=0
b=0
while [ "$i" -lt "$NUM_POINTS" ]; do
  n=$BATCH_SIZE
  [ $((i + n)) -le "$NUM_POINTS" ] || n=$((NUM_POINTS - i))
  awk -v n="$n" -v dim="$DIM" -v first="$i" -v seed="$((CLIENT_INDEX * 100003 + b))" 'BEGIN { srand(seed); printf "{\"points\":["; for (i = 0; i < n; i++) { printf "%s{\"id\":%d,\"vector\":[", (i ? "," : ""), first + i; for (j = 0; j < dim; j++) printf "%s%.5f", (j ? "," : ""), rand() * 2 - 1; printf "]}" } print "]}" }' > "$WORK/insert$b"
  request PUT "/collections/$NAME/points?wait=true" "$WORK/insert$b" >> "$WORK/inserts"
  i=$((i + n))
  b=$((b + 1))
done
q=0
while [ "$q" -lt "$NUM_QUERIES" ]; do
  echo "{\"query\":$(vectors 1 "$((CLIENT_INDEX * 100003 + 50000 + q))"),\"limit\":$TOP_K}" > "$WORK/query$q"
  request POST "/collections/$NAME/points/query" "$WORK/query$q" >> "$WORK/queries"
  q=$((q + 1))
done
measure insert "$CONCURRENT_REQUESTS" "$WORK/inserts"
FIRST=$ELAPSED
measure query "$CONCURRENT_REQUESTS" "$WORK/queries"
summarize "$(awk -v a="$FIRST" -v b="$ELAPSED" 'BEGIN { print a + b }')"
`);

const CHROMA = httpClientScript(String.raw`${VECTORS}
ROOT="/api/v2/tenants/default_tenant/databases/default_database/collections"
ID=$(ask -X POST -d "{\"name\":\"$COLLECTION-$CLIENT_INDEX\",\"get_or_create\":true}" "$SERVICE_URL$ROOT" | sed 's/.*"id" *: *"\([^"]*\)".*/\1/')
i=0
b=0
while [ "$i" -lt "$NUM_VECTORS" ]; do
  n=$BATCH_SIZE
  [ $((i + n)) -le "$NUM_VECTORS" ] || n=$((NUM_VECTORS - i))
  IDS=$(awk -v n="$n" -v first="$i" 'BEGIN { for (i = 0; i < n; i++) printf "%s\"v%d\"", (i ? "," : ""), first + i }')
  echo "{\"ids\":[$IDS],\"embeddings\":[$(vectors "$n" "$((CLIENT_INDEX * 100003 + b))")]}" > "$WORK/insert$b"
  request POST "$ROOT/$ID/upsert" "$WORK/insert$b" >> "$WORK/inserts"
  i=$((i + n))
  b=$((b + 1))
done
q=0
while [ "$q" -lt "$NUM_QUERIES" ]; do
  echo "{\"query_embeddings\":[$(vectors 1 "$((CLIENT_INDEX * 100003 + 50000 + q))")],\"n_results\":$TOP_K}" > "$WORK/query$q"
  request POST "$ROOT/$ID/query" "$WORK/query$q" >> "$WORK/queries"
  q=$((q + 1))
done
measure insert "$CONCURRENT_REQUESTS" "$WORK/inserts"
FIRST=$ELAPSED
measure query "$CONCURRENT_REQUESTS" "$WORK/queries"
summarize "$(awk -v a="$FIRST" -v b="$ELAPSED" 'BEGIN { print a + b }')"
`);

const common = {
  collection: collection.default('bench'),
  dim: count(128),
  batch_size: count(100),
  num_queries: count(200),
  top_k: count(10),
  concurrent_requests: count(4),
};

export const chromaClients = [
  clientPreset({
    name: 'chroma_healthcheck',
    service: 'chroma',
    description: 'Asks for a sign of life.',
    settings: z.strictObject({ num_requests: count(10) }),
    render: (s) => repeatedRequest({ operation: 'heartbeat', path: '/api/v2/heartbeat', requests: s.num_requests, concurrency: 1 }),
  }),
  clientPreset({
    name: 'chroma_stress',
    service: 'chroma',
    description: 'Inserts random vectors in batches, then looks for neighbours.',
    settings: z.strictObject({ ...common, num_vectors: count(1000) }),
    render: (s) => ({ image: CURL_IMAGE, command: CHROMA, env: { ...variables(s), REQUEST_TIMEOUT: '60' } }),
  }),
];

export const qdrantClients = [
  clientPreset({
    name: 'qdrant_healthcheck',
    service: 'qdrant',
    description: 'Asks for a sign of life.',
    settings: z.strictObject({ num_requests: count(10) }),
    render: (s) => repeatedRequest({ operation: 'ready', path: '/readyz', requests: s.num_requests, concurrency: 1 }),
  }),
  clientPreset({
    name: 'qdrant_stress',
    service: 'qdrant',
    description: 'Inserts random vectors in batches, then looks for neighbours.',
    settings: z.strictObject({ ...common, num_points: count(1000) }),
    render: (s) => ({ image: CURL_IMAGE, command: QDRANT, env: { ...variables(s), REQUEST_TIMEOUT: '60' } }),
  }),
];
