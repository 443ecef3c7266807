import { describe, expect, it } from 'vitest';
import { taskGroups } from './groups.ts';
import { ownFindings } from './own-headline.ts';
import { reportRows } from './rows.ts';
import { demoRun, ownRun } from './testing/synthetic-run.ts';

describe('ownFindings', () => {
  it('names the best of what recipes report themselves, by the direction that they give', () => {
    const own = ownFindings(taskGroups(reportRows([ownRun()])));
    expect(own.map((f) => [f.question, f.value, f.unit])).toEqual([
      ['set_rps', '153,242', 'req/s'],
      ['get_rps', '165,502', 'req/s'],
      ['set_p99_ms', '0.0119', 'ms'],
      ['throughput', '2.31', 'GB/s'],
    ]);
    expect(own[0]?.words).toBe(
      'redis-stress / it-4, the best of 2; redis-stress / it-1 has 91,706. Reported by the recipe’s own clients; higher is better.',
    );
    expect(own[3]?.words).toBe('Reported by the recipe’s own command; higher is better.');
    expect(ownFindings(taskGroups(reportRows([demoRun()])))).toEqual([]);
  });
});
