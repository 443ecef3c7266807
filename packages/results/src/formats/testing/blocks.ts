/** Result blocks written from the tools' documented layouts, for the versions and options that recorded runs do not cover. */

const row = (label: string, value: string | number, pad = 40) => `${`${label}:`.padEnd(pad)} ${String(value).padEnd(10)}`;
const centre = (title: string, fill: string, width: number) => {
  const left = Math.floor((width - title.length) / 2);
  return (fill.repeat(Math.max(0, left)) + title).padEnd(width, fill);
};
const latency = (label: string, title: string, values: [string, string | number][], width: number) => [
  centre(title, '-', width),
  ...values.map(([statistic, value]) => row(`${statistic} ${label} (ms)`, value)),
];

/** `vllm bench serve` of 2024: no failures, no peaks, "Total Token throughput", nothing but the mean, median and p99 of three latencies. */
export const VLLM_OLD = [
  centre(' Serving Benchmark Result ', '=', 50),
  row('Successful requests', 200),
  row('Benchmark duration (s)', '51.87'),
  row('Total input tokens', 42659),
  row('Total generated tokens', 43516),
  row('Request throughput (req/s)', '3.86'),
  row('Output token throughput (tok/s)', '838.94'),
  row('Total Token throughput (tok/s)', '1661.36'),
  ...latency(
    'TTFT',
    'Time to First Token',
    [
      ['Mean', '82.16'],
      ['Median', '68.99'],
      ['P99', '201.05'],
    ],
    50,
  ),
  ...latency(
    'TPOT',
    'Time per Output Token (excl. 1st token)',
    [
      ['Mean', '19.45'],
      ['Median', '19.20'],
      ['P99', '35.61'],
    ],
    50,
  ),
  ...latency(
    'ITL',
    'Inter-token Latency',
    [
      ['Mean', '18.91'],
      ['Median', '16.02'],
      ['P99', '95.33'],
    ],
    50,
  ),
  '='.repeat(50),
  '',
].join('\n');

/** The newest `vllm bench serve` with everything on: rate, goodput, probes, seven percentiles, queueing, diffusion, speculative decoding; counts as floats; nan and inf. */
export const VLLM_FULL = [
  centre(' Serving Benchmark Result ', '=', 50),
  row('Successful requests', 100),
  row('Failed requests', 25),
  row('Maximum request concurrency', 512),
  row('Request rate configured (RPS)', '7.50'),
  row('Benchmark duration (s)', '12.50'),
  row('Total input tokens', 51200),
  row('Total generated tokens', 12800),
  row('Request throughput (req/s)', '8.00'),
  row('Request goodput (req/s)', '6.40'),
  row('Output token throughput (tok/s)', '1024.00'),
  row('Peak output token throughput (tok/s)', '2048.00'),
  row('Peak concurrent requests', '537.00'),
  row('RTFx (Inverse Real-Time Factor)', '31.25'),
  row('Total token throughput (tok/s)', '5120.00'),
  centre('Probe Requests', '-', 50),
  row('Probe requests completed', 12),
  row('Probe requests failed', 1),
  row('Median probe E2EL (ms)', '250.10'),
  row('P99 probe E2EL (ms)', '300.20'),
  row('Max probe E2EL (ms)', '301.00'),
  ...latency(
    'TTFT',
    'Time to First Token',
    [
      ['Mean', '50.50'],
      ['Median', '45.25'],
      ['P25', '40.00'],
      ['P50', '45.25'],
      ['P75', '55.00'],
      ['P90', '60.00'],
      ['P95', '70.00'],
      ['P99', '80.00'],
      ['P99.9', '90.00'],
    ],
    50,
  ),
  ...latency(
    'TPOT',
    'Time per Output Token (excl. 1st token)',
    [
      ['Mean', 'nan'],
      ['Median', '10.00'],
      ['P99', 'inf'],
    ],
    50,
  ),
  ...latency(
    'ITL',
    'Inter-token Latency',
    [
      ['Mean', '9.50'],
      ['Median', '9.25'],
      ['P99', '20.00'],
    ],
    50,
  ),
  ...latency(
    'E2EL',
    'End-to-end Latency',
    [
      ['Mean', '1300.00'],
      ['Median', '1250.00'],
      ['P99', '2000.00'],
    ],
    50,
  ),
  ...latency(
    'Client Queue Time',
    'Client-side Queueing',
    [
      ['Mean', '3.00'],
      ['Median', '2.00'],
      ['P99', '9.00'],
    ],
    50,
  ),
  ...latency(
    'E2EL incl. Client Queue',
    'Queue-inclusive End-to-end Latency',
    [
      ['Mean', '1303.00'],
      ['Median', '1252.00'],
      ['P99', '2009.00'],
    ],
    50,
  ),
  centre('Diffusion Decoding', '-', 50),
  row('Committed throughput (tok/s)', '900.00'),
  row('Denoising steps per canvas', '8.00'),
  row('Committed per denoising step', '4.00'),
  row('Committed tokens', 12000),
  row('Denoising steps', 3000),
  row('Canvas positions evaluated', 96000),
  centre('Speculative Decoding', '-', 50),
  row('Acceptance rate (%)', '72.50'),
  row('Acceptance length', '2.45'),
  row('Drafts', 5000),
  row('Draft tokens', 10000),
  row('Accepted tokens', 7250),
  'Per-position acceptance (%):',
  row('  Position 0', '85.00'),
  row('  Position 1', '60.00'),
  '='.repeat(50),
  '',
].join('\n');

/** `vllm bench serve` against an embedding server. */
export const VLLM_POOLING = [
  centre(' Serving Benchmark Result ', '=', 50),
  row('Successful requests', 64),
  row('Failed requests', 0),
  row('Benchmark duration (s)', '2.00'),
  row('Total input tokens', 32768),
  row('Request throughput (req/s)', '32.00'),
  row('Input throughput (inputs/s)', '64.00'),
  row('Total token throughput (tok/s)', '16384.00'),
  ...latency(
    'E2EL',
    'End-to-end Latency',
    [
      ['Mean', '31.00'],
      ['Median', '30.50'],
      ['P99', '45.00'],
    ],
    50,
  ),
  '='.repeat(50),
  '',
].join('\n');

/** The Rust client: rules of 60, and a steady-state block of its own behind. */
export const VLLM_RUST = [
  centre(' Serving Benchmark Result ', '=', 60),
  row('Successful requests', 1000),
  row('Failed requests', 2),
  row('Maximum request concurrency', 64),
  row('Benchmark duration (s)', '100.00'),
  row('Total input tokens', 1000000),
  row('Total generated tokens', 500000),
  row('Request throughput (req/s)', '10.00'),
  row('Output token throughput (tok/s)', '5000.00'),
  row('Total token throughput (tok/s)', '15000.00'),
  ...latency(
    'TTFT',
    'Time to First Token',
    [
      ['Mean', '100.00'],
      ['Median', '90.00'],
      ['P99', '400.00'],
    ],
    60,
  ),
  ...latency(
    'TPOT',
    'Time per Output Token (excl. 1st token)',
    [
      ['Mean', '12.00'],
      ['Median', '11.90'],
      ['P99', '14.00'],
    ],
    60,
  ),
  '='.repeat(60),
  '',
  centre(' Steady-State Metrics ', '=', 47),
  row('Request throughput (req/s)', '10.60', 35),
  row('Output token throughput (tok/s)', '5300.00', 35),
  row('Mean TTFT (ms)', '80.00', 35),
  row('Window duration (s)', '88.00', 35),
  '='.repeat(47),
  '',
].join('\n');

const sglangHead = (concurrency: string) => [
  centre(' Serving Benchmark Result ', '=', 50),
  row('Backend', 'sglang'),
  row('Traffic request rate', 'inf'),
  concurrency,
];
const sglangTokens = [
  row('Total generated tokens', 8192),
  row('Total generated tokens (retokenized)', 8101),
  row('Request throughput (req/s)', '3.20'),
  row('Input token throughput (tok/s)', '3276.80'),
  row('Output token throughput (tok/s)', '819.20'),
];

/** SGLang's `bench_serving` of 2024, with its typo and fewer percentiles. */
export const SGLANG_OLD = [
  ...sglangHead(row('Max reqeuest concurrency', 'not set')),
  row('Successful requests', 32),
  row('Benchmark duration (s)', '10.00'),
  row('Total input tokens', 32768),
  ...sglangTokens,
  row('Total token throughput (tok/s)', '4096.00'),
  row('Concurrency', '15.32'),
  ...latency(
    'E2E Latency',
    'End-to-End Latency',
    [
      ['Mean', '4787.00'],
      ['Median', '4700.00'],
    ],
    50,
  ),
  ...latency(
    'TTFT',
    'Time to First Token',
    [
      ['Mean', '300.00'],
      ['Median', '280.00'],
      ['P99', '600.00'],
    ],
    50,
  ),
  ...latency(
    'TPOT',
    'Time per Output Token (excl. 1st token)',
    [
      ['Mean', '17.00'],
      ['Median', '16.90'],
      ['P99', '19.00'],
    ],
    50,
  ),
  ...latency(
    'ITL',
    'Inter-token Latency',
    [
      ['Mean', '17.10'],
      ['Median', '16.50'],
      ['P99', '40.00'],
    ],
    50,
  ),
  '='.repeat(50),
  '',
].join('\n');

/** SGLang's newest, with vision tokens, speculative decoding and the cache report. */
export const SGLANG_FULL = [
  ...sglangHead(row('Max request concurrency', 16)),
  row('Successful requests', 32),
  row('Benchmark duration (s)', '10.00'),
  row('Total input tokens', 32768),
  row('Total input text tokens', 30000),
  row('Total input vision tokens', 2768),
  ...sglangTokens,
  row('Peak output token throughput (tok/s)', '900.00'),
  row('Peak concurrent requests', 18),
  row('Total token throughput (tok/s)', '4096.00'),
  row('Concurrency', '15.32'),
  row('Accept length', '2.71'),
  ...latency(
    'E2E Latency',
    'End-to-End Latency',
    [
      ['Mean', '4787.00'],
      ['Median', '4700.00'],
      ['P90', '5000.00'],
      ['P95', '5100.00'],
      ['P99', '5200.00'],
    ],
    50,
  ),
  ...latency(
    'TTFT',
    'Time to First Token',
    [
      ['Mean', '300.00'],
      ['Median', '280.00'],
      ['P90', '500.00'],
      ['P95', '550.00'],
      ['P99', '600.00'],
    ],
    50,
  ),
  ...latency(
    'TPOT',
    'Time per Output Token (excl. 1st token)',
    [
      ['Mean', '17.00'],
      ['Median', '16.90'],
      ['P90', '18.00'],
      ['P95', '18.50'],
      ['P99', '19.00'],
    ],
    50,
  ),
  ...latency(
    'ITL',
    'Inter-Token Latency',
    [
      ['Mean', '17.10'],
      ['Median', '16.50'],
      ['P90', '20.00'],
      ['P95', '25.00'],
      ['P99', '40.00'],
      ['Max', '410.00'],
    ],
    50,
  ),
  centre('Cache Hit Details', '-', 50),
  row('Total prompt tokens', 32768),
  row('Total cached tokens', 8192),
  row('Device cached tokens', 8192),
  row('Cache hit rate', '25.00%'),
  '='.repeat(50),
  '',
].join('\n');
