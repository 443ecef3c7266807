import type { RunEvent } from '@bench/benchmark';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { clip, Progress } from './progress.ts';
import { loadText } from './load-text.ts';
import { showRun } from './show-run.ts';
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
  expect(loadText(load, style, 68)).toBe('5/10  ####....  53 tok/s  4 in flight  1 failed  1.5 s  ETA 1.5 s');
  expect(loadText(load, style, 20)).toBe('5/10  53 tok/s  4 in flight  1 failed  1.5 s  ETA 1.5 s');
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

it('gives each thing that goes on a line of its own at the bottom, as many as there is room for', () => {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const terminal = Object.assign(stream, { isTTY: true, columns: 40, rows: 9 }) as unknown as NodeJS.WriteStream;
  const progress = new Progress({ stream: terminal, style, clock: () => 0 });
  progress.status(() => 'gpu1 at work', 'gpu1');
  progress.status(() => 'gpu2 at work', 'gpu2');
  text = '';
  progress.status(() => 'gpu3 at work', 'gpu3');
  const erased = '\r\u001B[2K\u001B[1A\u001B[2K';
  expect(text.startsWith(erased)).toBe(true);
  expect(text.slice(erased.length).replaceAll(/[|/\\-] /g, '')).toBe('gpu1 at work\ngpu2 at work\ngpu3 at work');
  text = '';
  progress.status(() => 'gpu4 at work', 'gpu4');
  expect(text).toContain('and 2 more');
  text = '';
  progress.pause();
  progress.line('a question is open');
  expect(text.slice(text.indexOf('a question'))).toBe('a question is open\n');
  progress.resume();
  progress.close();
  expect(text.endsWith('\u001B[1A\u001B[2K')).toBe(true);
});
