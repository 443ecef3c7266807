import { VLLM_ROWS, VLLM_SECTIONS } from './vllm-layout.ts';

/** Where a labelled scalar belongs. `null`: kept in `native` alone. */
export type LabelTarget = { scalar: string } | { field: 'ok' | 'failed' | 'durationS' | 'maxConcurrency' | 'requestRate' } | null;

/** Labels of vLLM's and SGLang's blocks, in lower case, for they changed case between versions. */
const LABELS = new Map<string, LabelTarget>([
  ...VLLM_ROWS.map(({ label }): [string, LabelTarget] => [label.toLowerCase(), null]),
  ['successful requests', { field: 'ok' }],
  ['failed requests', { field: 'failed' }],
  ['benchmark duration (s)', { field: 'durationS' }],
  ['maximum request concurrency', { field: 'maxConcurrency' }],
  ['max request concurrency', { field: 'maxConcurrency' }],
  ['max reqeuest concurrency', { field: 'maxConcurrency' }],
  ['request rate configured (rps)', { field: 'requestRate' }],
  ['traffic request rate', { field: 'requestRate' }],
  ['total input tokens', { scalar: 'total_input_tokens' }],
  ['total generated tokens', { scalar: 'total_output_tokens' }],
  ['request throughput (req/s)', { scalar: 'request_throughput' }],
  ['request goodput (req/s)', { scalar: 'goodput' }],
  ['output token throughput (tok/s)', { scalar: 'output_throughput' }],
  ['input token throughput (tok/s)', { scalar: 'input_throughput' }],
  ['total token throughput (tok/s)', { scalar: 'total_token_throughput' }],
  ['concurrency', { scalar: 'mean_concurrency' }],
  ...[
    'backend',
    'total input text tokens',
    'total input vision tokens',
    'total generated tokens (retokenized)',
    'accept length',
    'probe requests completed',
    'probe requests failed',
    'committed throughput (tok/s)',
    'denoising steps per canvas',
    'committed per denoising step',
    'committed tokens',
    'denoising steps',
    'canvas positions evaluated',
    'acceptance rate (%)',
    'acceptance length',
    'drafts',
    'draft tokens',
    'accepted tokens',
    'per-position acceptance (%)',
    'total prompt tokens',
    'total cached tokens',
    'cache hit rate',
  ].map((label): [string, LabelTarget] => [label, null]),
]);

/** Latency names in labels, in lower case, and our distribution. Longest first: `e2el` begins `e2el incl. client queue`. */
const LATENCIES: [label: string, ours: string][] = [
  ...VLLM_SECTIONS.map(({ label, ours }): [string, string] => [label.toLowerCase(), ours]),
  ['e2e latency', 'e2el_ms'],
];
const LATENCY = new Map(LATENCIES);

/** `Mean TTFT (ms)` taken apart; null: not such a label. `ours` is null for latencies that no distribution of ours means (probes). */
export function latencyLabel(label: string): { statistic: string; ours: string | null } | null {
  const match = /^(mean|median|std|min|max|p\d{1,3}(?:\.\d{1,6})?) (.{1,40}) \(ms\)$/i.exec(label);
  if (!match) return null;
  return { statistic: match[1] as string, ours: LATENCY.get((match[2] as string).toLowerCase()) ?? null };
}

/** Where a label belongs; undefined: a label we do not know. */
export function labelTarget(label: string): LabelTarget | undefined {
  return LABELS.get(label.toLowerCase());
}

export function isKnownLabel(label: string): boolean {
  return label.length <= 80 && (labelTarget(label) !== undefined || latencyLabel(label) !== null || /^position \d+$/i.test(label));
}
