import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { code, inert } from './inert.ts';
import { renderMarkdown } from './render-markdown.ts';

const markdown = (...runs: NonNullable<Parameters<typeof buildReport>[0]['runs']>) => renderMarkdown(buildReport({ runs }));
const table = (text: string) => text.split('\n').filter((line) => line.startsWith('|'));

describe('renderMarkdown', () => {
  it('is a table with figures to the right, and what is to be known below', () => {
    const text = markdown(demoRun());
    const [head, rule, ...rows] = table(text);
    expect(text).toMatch(/^\*\*random-tiny on embedded\*\*\n\n\| load \|/);
    expect(head).toContain('| TTFT, ms p50 | TTFT, ms p99 |');
    expect(rule).toMatch(/^\| :-- \| --: \|.* --: \| :-- \|$/);
    expect(rows).toHaveLength(5);
    expect(rows[4]).toMatch(/^\| 16 concurrent \| 256 \| 0 \| [\d,]+ \|/);
    expect(text).toMatch(/\n\n- Random weights: .*\n- a: Few samples\. /);
  });

  it('names tasks, machines and engines where they differ, prices, and what failed', () => {
    const text = markdown(mixedRun());
    expect(table(text)[0]).toMatch(/^\| task \| machine \| engine \| load \|/);
    expect(text).toContain('| `sglang-tp8` | 8xH200 | sglang 0.5.4 | 64 concurrent |');
    expect(text).toMatch(/\| `vllm-tp4` \|.*\| failed: the engine ended with exit code 1 before it was ready: CUDA out of memory \|/);
    expect(text).toMatch(/\| `sglang-tp4` \|.*\| not run \|/);
    expect(text).toContain('- Prices: 8xH200 at &#36;28.4 an hour (list price, 2026-05-01).'.replace('&#36;', '$'));
    expect(text).toContain('- Left out: ');
  });

  it('lets nothing come of names', () => {
    expect(inert('a|b <i> `c` @me #12 https://x www.y.z \\| [l](u)', 200)).toBe(
      'a&#124;b &#60;i&#62; &#96;c&#96; &#64;\u2060me &#35;\u206012 https:\u2060//x www\u2060.y.z &#92;&#124; &#91;l&#93;(u)',
    );
    expect(code('vllm-tp8_x', 80)).toBe('`vllm-tp8_x`');
    expect(code('a`b', 80)).toBe('a&#96;b');
    const text = markdown(hostileRun(), ownRun());
    const rows = table(text);
    const columns = (line: string) => line.split('|').length;
    for (const row of rows) expect(columns(row)).toBe(columns(rows[0] as string));
    // Outside of code there is no markup.
    expect(text.replace(/`[^`\n]*`/g, '')).not.toMatch(/[<>\u202E\u001B]/);
    expect(text.length).toBeLessThan(20_000);
  });

  it('is a title alone for a run without tasks', () => {
    expect(markdown(syntheticRun({ tasks: [] }))).toBe('**Nothing was planned**\n');
  });
});
