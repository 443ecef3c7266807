import type { Distribution } from '@bench/core';
import { expect, it } from 'vitest';
import { originsText } from './origins-text.ts';
import { styles } from './style.ts';

const style = styles({ isTTY: false } as NodeJS.WriteStream);

it('has a line for each server, also for one that answered nothing', () => {
  const ttft = { p50: 12.345, p99: 99 } as Distribution;
  const text = originsText(
    [
      { url: 'http://a:8000', counts: { sent: 8, ok: 7, failed: 1, cancelled: 0 }, scalars: {}, distributions: { ttft_ms: ttft } },
      { url: 'http://b:8000/engine', counts: { sent: 7, ok: 0, failed: 7, cancelled: 0 }, scalars: {}, distributions: {} },
    ],
    style,
  );
  expect(text.split('\n')).toEqual([
    'server                requests  ok  failed  TTFT p50, ms  TTFT p99, ms',
    'http://a:8000         8         7   1       12.35         99.00',
    'http://b:8000/engine  7         0   7       -             -',
    '',
  ]);
});
