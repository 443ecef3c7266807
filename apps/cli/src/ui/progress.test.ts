import type { RunEvent } from '@bench/benchmark';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { clip, loadText, Progress, showRun } from './progress.ts';
import { styles } from './style.ts';

const plain = styles(process.stderr);
const style = {
  ...plain,
  color: false,
  unicode: false,
  dim: (t: string) => t,
  red: (t: string) => t,
  green: (t: string) => t,
  yellow: (t: string) => t,
  cyan: (t: string) => t,
  bold: (t: string) => t,
};
const load = {
  phase: 'measuring',
  elapsedMs: 1500,
  sent: 9,
  done: 4,
  failed: 1,
  inFlight: 4,
  total: 10,
  outputTokens: 80,
  tokensPerS: 53.4,
  etaMs: 1500,
} as const;

it('clips what is seen, not escape sequences', () => {
  expect(clip('\u001B[31mred\u001B[0m and more', 5)).toBe('\u001B[31mred\u001B[0m a');
  expect(clip('▰▰▰', 2)).toBe('▰▰');
});

it('shows a load with its bar, rate and what is left', () => {
  expect(loadText(load, style)).toBe('5/10  ########........  53 tok/s  4 in flight  1 failed  1.5 s  ETA 1.5 s');
  expect(loadText({ ...load, total: null, failed: 0, etaMs: null }, style)).toBe('4 done  53 tok/s  4 in flight  1.5 s');
});

it('writes only lines that stay where there is no terminal', () => {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const options = { stream: stream as unknown as NodeJS.WriteStream, style, clock: () => 0 };
  const progress = new Progress(options);
  const show = showRun(progress, options);
  const ref = { recipe: 'r', variant: 'v', point: 0, repeat: 1, label: 'c=2', position: 1, total: 2 };
  const events: RunEvent[] = [
    { type: 'run_started', id: 'rabc', dir: '/runs/rabc', resumed: false, tasks: 1, points: 2, alreadyDone: 0 },
    { type: 'deployment_phase', engine: 'vllm', model: 'm', phase: 'model_load' },
    { type: 'deployment_ready', engine: 'vllm', model: 'm', durationMs: 61_000 },
    { type: 'point_started', ref },
    { type: 'point_progress', ref, progress: load },
    { type: 'point_failed', ref, message: 'no request succeeded' },
    { type: 'deployment_failed', engine: 'vllm', model: 'm', message: 'vllm did not come up', hint: 'less of it' },
  ];
  for (const event of events) show(event);
  progress.close();
  expect(text).toBe(
    'run rabc  1 task, 2 points  /runs/rabc\nok vllm m is up and answers 1m 01s\n  r/v\nfailed c=2 #2     no request succeeded\nfailed vllm did not come up\n  hint: less of it\n',
  );
});
