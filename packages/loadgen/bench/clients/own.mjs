// One load by this package in a process of its own: `own.mjs JSON`. Prints what it cost, as JSON: CPU and memory of the whole process, workers included;
// with `truth`, also how far its stamps are from the server's.
import { runLoad } from '../../dist/index.js';
import { clientError } from '../../dist/selfcheck/index.js';

const { url, load, workers, truth = false } = JSON.parse(process.argv[2] ?? '{}');
let before = process.cpuUsage();
let used = null;
let measuring = false;
let peakBytes = 0;
const watch = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 100);
const result = await runLoad({
  baseUrl: url,
  model: 'test',
  load,
  workers,
  // What is prepared before the clock starts, and worked out when all is over, is no cost of an event.
  onProgress: ({ phase }) => {
    if (phase === 'done') used ??= process.cpuUsage(before);
    if (measuring || phase !== 'measuring') return;
    measuring = true;
    before = process.cpuUsage();
  },
});
clearInterval(watch);
const { user, system } = used ?? process.cpuUsage(before);
const { summary } = result;
const measured = result.records.filter((r) => r.phase === 'measured');
process.stdout.write(
  `${JSON.stringify({
    cpuMs: (user + system) / 1000,
    peakBytes: Math.max(peakBytes, process.memoryUsage.rss()),
    requests: summary.counts,
    errors: summary.errors,
    events: measured.reduce((sum, r) => sum + r.chunks, 0),
    reads: measured.reduce((sum, r) => sum + r.reads, 0),
    durationS: summary.durationS,
    client: summary.client,
    // The span between the first and the last of n arrivals holds n − 1 of them.
    ratePerS: measured.length > 1 ? ((measured.length - 1) / (measured.at(-1).sentMs - measured[0].sentMs)) * 1000 : null,
    ...(truth ? { error: clientError(result, await (await fetch(`${url}/truth`)).json()) } : {}),
  })}\n`,
);
