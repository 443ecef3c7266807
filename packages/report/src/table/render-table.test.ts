import { describe, expect, it } from 'vitest';
import { renderTable, type TableOptions } from '../index.ts';
import { reportRows } from '../rows.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { displayWidth } from './width.ts';
import type { RunView } from '@bench/results';

const PLAIN: TableOptions = { width: 120, color: false, unicode: true };
const lines = (run: RunView, options: Partial<TableOptions> = {}) => renderTable(reportRows([run]), { ...PLAIN, ...options }).split('\n');

describe('renderTable', () => {
  it.each([40, 80, 120, 200])('never gets wider than %i columns', (width) => {
    for (const run of [demoRun(), mixedRun(), hostileRun(), ownRun()]) {
      for (const line of lines(run, { width })) expect(displayWidth(line), line).toBeLessThanOrEqual(Math.max(width, 64));
    }
  });

  it('shows each point with its figures under each other', () => {
    const table = lines(demoRun());
    const eight = table.find((line) => /^\s+8 /.test(line)) ?? '';
    const row = reportRows([demoRun()])[3];
    expect(eight).toContain(`${Math.round(row?.scalars.output_throughput ?? 0)}`);
    expect(eight).toContain((row?.distributions.ttft_ms?.p50 ?? 0).toFixed(1));
    const ends = table
      .filter((line) => /^\s+(1|2|4|8|16) /.test(line))
      .map((line) => line.indexOf(line.trim().split(/\s+/)[1] ?? '') + (line.trim().split(/\s+/)[1] ?? '').length);
    expect(new Set(ends).size).toBe(1);
  });

  it('has every column when there is room, and names what it leaves out when there is not', () => {
    expect(lines(mixedRun(), { width: 200 }).join('\n')).not.toContain('Not shown');
    expect(lines(mixedRun(), { width: 200 })[0]).toMatch(/requests.*tokens\/s.*TTFT, ms.*TPOT, ms.*E2EL, ms.*USD\/Mtok/);
    const narrow = lines(mixedRun(), { width: 80 }).join('\n');
    expect(narrow).toContain('Not shown at this width: tokens/s total, USD/Mtok total, req/s.');
    expect(narrow).toMatch(/TTFT, ms/);
  });

  it('has what recipes report themselves as columns, under the names that tell them apart, and below the table what finds no room', () => {
    const wide = lines(ownRun(), { width: 140 });
    expect(wide[0]).toMatch(/requests.*set_rps {2}get_rps {2}set_p99_ms {2}used_memory {2}throughput {2}files$/);
    expect(wide[1]).toMatch(/^task +by +ok +failed .*req\/s +req\/s +ms +MiB +GB\/s$/);
    expect(wide.find((line) => line.startsWith('redis-stress / it-4 '))).toMatch(/ 153,242 +165,502 +0\.0119 +3,831 /);
    expect(wide.join('\n')).not.toMatch(/tokens|TTFT|USD|Not shown|undefined|NaN/);
    const narrow = lines(ownRun(), { width: 80 });
    expect(narrow[0]).toMatch(/set_rps {2}get_rps {2}set_p99_ms$/);
    expect(narrow).toContain('redis-stress / it-4: used_memory 3,831 MiB');
    expect(narrow).toContain('copy-weights / default: throughput 2.31 GB/s, files 12');
    expect(narrow.at(-1)).toBe('Not shown at this width: req/s, E2EL p50.');
  });

  it('counts no requests where nobody sent one', () => {
    const run = syntheticRun({
      tasks: [{ kind: 'command', recipe: 'copy', points: [{ own: { rate: { value: 2.5, unit: 'GB/s', better: 'higher' } } }] }],
    });
    expect(lines(run)).toEqual([
      '           rate',
      '       by  GB/s',
      '─'.repeat(20),
      'copy',
      'AMD EPYC 7B13, 8 threads',
      '  command  2.50',
    ]);
  });

  it('explains each flag once, below the table', () => {
    const text = lines(demoRun()).join('\n');
    expect(text.match(/Random weights/g)).toHaveLength(1);
    expect(text).toMatch(/^\* {2}Random weights, all points\. .*noise/m);
    expect(text.match(/Few samples/g)).toHaveLength(1);
    expect(text).toMatch(/^a {2}Few samples\./m);
  });

  it('shows failed tasks with their reason, and those that did not run', () => {
    const text = lines(mixedRun()).join('\n');
    expect(text).toContain('failed: the engine ended with exit code 1 before it was ready: CUDA out of memory');
    expect(text).toContain('not run');
  });

  it('leaves out columns without any figure: embeddings have no first token', () => {
    const text = lines(
      syntheticRun({
        tasks: [
          {
            points: [
              { embeddings: true, concurrency: 1 },
              { embeddings: true, concurrency: 2 },
            ],
          },
        ],
      }),
    ).join('\n');
    expect(text).not.toContain('TTFT');
    expect(text).not.toContain('TPOT');
    expect(text).toContain('E2EL');
  });

  it('carries the name in the line when every task has one point', () => {
    const tasks = [1, 2, 3].map((i) => ({ variant: `batch-${i}`, points: [{ concurrency: i }] }));
    expect(lines(syntheticRun({ tasks })).filter((line) => /^batch-\d/.test(line))).toHaveLength(3);
  });

  it('tells request rates from concurrency', () => {
    const text = lines(syntheticRun({ tasks: [{ points: [{ ratePerS: 2 }, { ratePerS: 4.5 }] }] })).join('\n');
    expect(text).toContain('asked');
    expect(text).toMatch(/^\s+4\.5 /m);
  });

  it('colours only when asked, and passes no control character of a name on', () => {
    expect(lines(demoRun(), { color: true }).join('\n')).toContain('\u001B[2m');
    // oxlint-disable-next-line no-control-regex
    expect(lines(hostileRun()).join('\n')).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/);
  });

  it('keeps to ASCII when told so', () => {
    expect(lines(mixedRun(), { unicode: false }).join('\n')).toMatch(/^[\n\x20-\x7E]*$/);
  });

  it('says so when there is nothing', () => {
    expect(renderTable([], PLAIN)).toBe('Nothing to show: the run has no tasks.');
  });
});
