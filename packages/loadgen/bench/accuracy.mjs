/**
 * The client's own error: its stamps minus the server's stamps of the same chunks, on one clock (CLOCK_MONOTONIC), with the
 * server in another process. Run it after a build: `node bench/accuracy.mjs [streams] [tokens per second] [seconds] [runs]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runLoad } from '../dist/index.js';

const [streams = 32, rate = 50, seconds = 10, runs = 3] = process.argv.slice(2).map(Number);
const gapMs = 1000 / rate;
const outputTokens = Math.max(2, Math.round(rate * 2));
const requests = Math.max(streams, Math.round((streams * seconds) / 2));

const percentile = (values, q) => {
  const sorted = Float64Array.from(values).sort();
  const rank = ((sorted.length - 1) * q) / 100;
  const low = Math.floor(rank);
  return sorted[low] + ((sorted[low + 1] ?? sorted[low]) - sorted[low]) * (rank - low);
};
const line = (name, values) => {
  const at = (q) => percentile(values, q).toFixed(3).padStart(8);
  console.log(`  ${name.padEnd(44)} p50 ${at(50)}  p90 ${at(90)}  p99 ${at(99)}  max ${at(100)} ms   (${values.length})`);
};

console.log(
  `${streams} streams × ${rate} tok/s, ${requests} requests of about ${outputTokens} tokens, ${runs} runs; node ${process.version}`,
);
for (let run = 1; run <= runs; run++) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./server.mjs', import.meta.url)), JSON.stringify({ ttftMs: 50, gapMs })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [url] = await once(createInterface(child.stdout), 'line');
    const { records, gaps, summary, zeroMonotonicMs } = await runLoad({
      baseUrl: url,
      model: 'test',
      load: {
        maxConcurrency: streams,
        numPrompts: requests,
        warmupRequests: streams,
        // Lengths differ so that streams fall out of step, as they do in life.
        data: {
          kind: 'random',
          inputTokens: { min: 128, max: 128 },
          outputTokens: { min: Math.ceil(outputTokens / 2), max: Math.floor(outputTokens * 1.5) },
        },
        seed: run,
      },
    });
    const truths = new Map(
      (await (await fetch(`${url}/truth`)).json()).filter((t) => t.id !== '').map((t) => [Number(t.id.split('-')[1]), t]),
    );
    const gapsOf = new Map(gaps.map((g) => [g.index, g.gapsMs]));
    const first = [];
    const each = [];
    const ttft = [];
    const gapError = [];
    const late = [];
    for (const r of records) {
      if (r.phase !== 'measured' || r.status !== 'ok') continue;
      const truth = truths.get(r.index);
      const list = gapsOf.get(r.index);
      // The point's zero on the machine's clock is the same for all requests of a run.
      const at = (ms) => ms + zeroMonotonicMs;
      let seen = r.firstTokenMs;
      truth.writesMs.forEach((written, i) => {
        if (i > 0) seen += list[i - 1];
        each.push(at(seen) - written);
        late.push(written - truth.dueMs[i]);
        if (i > 0) gapError.push(list[i - 1] - (written - truth.writesMs[i - 1]));
      });
      first.push(at(r.firstTokenMs) - truth.writesMs[0]);
      ttft.push(r.firstTokenMs - r.sentMs - (truth.writesMs[0] - truth.receivedMs));
    }
    console.log(
      `run ${run}: ${summary.counts.ok} ok, ${summary.counts.failed} failed; client ELU ${summary.client.eluMax.toFixed(2)}, ${summary.client.cpuCores.toFixed(2)} cores`,
    );
    line('client stamp − server write, first token', first);
    line('client stamp − server write, every token', each);
    line('TTFT: client − server (received → written)', ttft);
    line('|gap|: client − server', gapError.map(Math.abs));
    line('server: written − due (its own lateness)', late);
  } finally {
    child.stdin.end();
    child.kill();
  }
}
