import type { ClientParts } from './preset.ts';

/** An image with curl and a shell; runs as any user, needs nothing of the host. */
export const CURL_IMAGE = 'curlimages/curl:latest';

/**
 * `measure NAME CONCURRENCY FILE`: sends the requests of a curl configuration file, so many at once, and writes a row for each to
 * `$OUTPUT_DIR/requests.csv`: operation, HTTP status, seconds to the first byte, seconds in all. Sets ELAPSED. curl's own clock
 * measures; its `--parallel` sends. A request that got no answer has status 000.
 */
const MEASURE = String.raw`
measure() {
  read START _ < /proc/uptime
  curl --silent --parallel --parallel-immediate --parallel-max "$2" --max-time "$REQUEST_TIMEOUT" --config "$3" > "$WORK/rows" 2>> "$OUTPUT_DIR/curl.log" || true
  read END _ < /proc/uptime
  awk -v op="$1" '{ print op "," $1 "," $2 "," $3 }' "$WORK/rows" >> "$OUTPUT_DIR/requests.csv"
  ELAPSED=$(awk -v a="$START" -v b="$END" 'BEGIN { d = b - a; print (d > 0.01 ? d : 0.01) }')
}
`;

/** `summarize`: `$OUTPUT_DIR/metrics.json` of the rows so far; fails when every request failed. */
const SUMMARIZE = String.raw`
summarize() {
  awk -F, 'NR > 1 && $2 >= 200 && $2 < 400 { print $4 * 1000 }' "$OUTPUT_DIR/requests.csv" | sort -n > "$WORK/ok"
  TOTAL=$(awk 'END { print NR - 1 }' "$OUTPUT_DIR/requests.csv")
  awk -v total="$TOTAL" -v elapsed="$1" '
    function percentile(p,   at, low) {
      at = (NR - 1) * p / 100 + 1; low = int(at)
      return v[low] + (at - low) * (v[low < NR ? low + 1 : NR] - v[low])
    }
    { v[NR] = $1; sum += $1 }
    END {
      printf "{\"requests\":%d,\"failed_requests\":%d,\"duration_s\":%.3f,\"requests_per_second\":%.3f", total, total - NR, elapsed, NR / elapsed
      if (NR > 0) printf ",\"latency_mean_ms\":%.3f,\"latency_p50_ms\":%.3f,\"latency_p95_ms\":%.3f,\"latency_p99_ms\":%.3f", sum / NR, percentile(50), percentile(95), percentile(99)
      print "}"
      exit (NR == 0)
    }' "$WORK/ok" > "$OUTPUT_DIR/metrics.json"
}
`;

const BEGIN = `set -eu
umask 077
WORK=$(mktemp -d)
echo 'operation,http_status,first_byte_s,total_s' > "$OUTPUT_DIR/requests.csv"
`;

/** The line of a curl configuration that makes curl print what `measure` reads. */
export const WRITE_OUT = String.raw`write-out = "%{http_code} %{time_starttransfer} %{time_total}\n"`;

/** A client script out of what is particular to it. It has `measure` and `summarize`, and a folder `$WORK`. */
export function httpClientScript(body: string): string {
  return `${BEGIN}${MEASURE}${SUMMARIZE}${body.trim()}\n`;
}

/** Sends `$NUM_REQUESTS` equal requests. The fragment makes curl repeat the address and never reaches the server. */
const REPEATED_REQUEST = httpClientScript(String.raw`
{
  printf 'url = "%s%s#[1-%s]"\noutput = /dev/null\n' "$SERVICE_URL" "$REQUEST_PATH" "$NUM_REQUESTS"
  printf '%s\n' '${WRITE_OUT}'
  printf 'header = "Authorization: Bearer %s"\n' "$SERVICE_PASSWORD"
  if [ -n "$REQUEST_BODY" ]; then
    printf '%s' "$REQUEST_BODY" > "$WORK/body"
    printf 'data-binary = "@%s/body"\nheader = "Content-Type: application/json"\n' "$WORK"
  fi
} > "$WORK/requests"
measure "$OPERATION" "$CONCURRENT_REQUESTS" "$WORK/requests"
summarize "$ELAPSED"
`);

/** A client that sends one request many times: POST of `body` as JSON, GET without one. Timeout in seconds, default 60. */
export function repeatedRequest(load: {
  operation: string;
  path: string;
  body?: unknown;
  requests: number;
  concurrency: number;
  timeoutS?: number;
}): ClientParts {
  return {
    image: CURL_IMAGE,
    command: REPEATED_REQUEST,
    env: {
      OPERATION: load.operation,
      REQUEST_PATH: load.path,
      REQUEST_BODY: load.body === undefined ? '' : JSON.stringify(load.body),
      NUM_REQUESTS: String(load.requests),
      CONCURRENT_REQUESTS: String(load.concurrency),
      REQUEST_TIMEOUT: String(load.timeoutS ?? 60),
    },
  };
}
