/** Facts of `vllm bench serve`'s output that its reader and its writer share. */

/** Keys of its JSON and labels of its text, in the order of its text. `digits`: 0 for what it prints as an integer. */
export const VLLM_ROWS: readonly { key: string; label: string; digits: 0 | 2 }[] = [
  { key: 'completed', label: 'Successful requests', digits: 0 },
  { key: 'failed', label: 'Failed requests', digits: 0 },
  { key: 'max_concurrency', label: 'Maximum request concurrency', digits: 0 },
  { key: 'request_rate', label: 'Request rate configured (RPS)', digits: 2 },
  { key: 'duration', label: 'Benchmark duration (s)', digits: 2 },
  { key: 'total_input_tokens', label: 'Total input tokens', digits: 0 },
  { key: 'total_output_tokens', label: 'Total generated tokens', digits: 0 },
  { key: 'request_throughput', label: 'Request throughput (req/s)', digits: 2 },
  { key: 'input_sequence_throughput', label: 'Input throughput (inputs/s)', digits: 2 },
  { key: 'request_goodput', label: 'Request goodput (req/s)', digits: 2 },
  { key: 'output_throughput', label: 'Output token throughput (tok/s)', digits: 2 },
  { key: 'max_output_tokens_per_s', label: 'Peak output token throughput (tok/s)', digits: 2 },
  { key: 'max_concurrent_requests', label: 'Peak concurrent requests', digits: 2 },
  { key: 'rtfx', label: 'RTFx (Inverse Real-Time Factor)', digits: 2 },
  { key: 'total_token_throughput', label: 'Total token throughput (tok/s)', digits: 2 },
];

/** Its latency sections: the name in JSON keys, in text labels, the section's title, and the distribution of ours that means the same. */
export const VLLM_SECTIONS: readonly { key: string; label: string; title: string; ours: string }[] = [
  { key: 'ttft', label: 'TTFT', title: 'Time to First Token', ours: 'ttft_ms' },
  { key: 'tpot', label: 'TPOT', title: 'Time per Output Token (excl. 1st token)', ours: 'tpot_ms' },
  { key: 'itl', label: 'ITL', title: 'Inter-token Latency', ours: 'icl_ms' },
  { key: 'e2el', label: 'E2EL', title: 'End-to-end Latency', ours: 'e2el_ms' },
  { key: 'client_queue_time', label: 'Client Queue Time', title: 'Client-side Queueing', ours: 'queue_ms' },
  {
    key: 'e2el_including_client_queue',
    label: 'E2EL incl. Client Queue',
    title: 'Queue-inclusive End-to-end Latency',
    ours: 'e2el_intended_ms',
  },
];
