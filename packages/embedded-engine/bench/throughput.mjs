// Measures tokens per second and time to first token against the built server, at growing concurrency.
//   node bench/throughput.mjs [tiny|small] [prompt tokens] [answer tokens] [seconds a level] [server flags…]
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

const [size = 'tiny', promptTokens = '256', answerTokens = '64', seconds = '4', ...flags] = process.argv.slice(2);
const bin = new URL('../dist/bin.js', import.meta.url).pathname;
const server = spawn(process.execPath, [bin, '--model-random', size, '--parent-pid', String(process.pid), ...flags], {
  stdio: ['ignore', 'pipe', 'inherit'],
});

const port = await new Promise((resolve, reject) => {
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  createInterface({ input: server.stdout }).on('line', (line) => {
    const event = JSON.parse(line);
    if (event.event === 'listening') resolve(event.port);
  });
});

const agent = new Agent({ keepAlive: true });
let nextPrompt = 0;

/** One streamed completion: when its first token came, and how many there were. */
function complete() {
  const start = performance.now();
  const seed = nextPrompt++;
  const body = JSON.stringify({
    prompt: Array.from({ length: Number(promptTokens) }, (_, i) => 300 + ((seed * 7919 + i * 104_729) % 1100)),
    max_tokens: Number(answerTokens),
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
  });
  return new Promise((resolve, reject) => {
    let firstMs;
    let text = '';
    const call = request({ port, host: '127.0.0.1', path: '/v1/completions', method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } });
    call.once('error', reject);
    call.once('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        firstMs ??= performance.now() - start;
        text += chunk;
      });
      response.once('end', () => {
        const used = /"completion_tokens":(\d+)/.exec(text);
        if (response.statusCode === 200 && used) resolve({ firstMs, tokens: Number(used[1]) });
        else reject(new Error(text));
      });
    });
    call.end(body);
  });
}

async function level(concurrency) {
  const start = performance.now();
  const until = start + Number(seconds) * 1000;
  const done = [];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) done.push(await complete());
    }),
  );
  const elapsed = (performance.now() - start) / 1000;
  const first = done.map((d) => d.firstMs).sort((a, b) => a - b);
  return {
    concurrency,
    requests: done.length,
    'tok/s': done.reduce((sum, d) => sum + d.tokens, 0) / elapsed,
    'TTFT p50 ms': first[Math.floor(first.length / 2)],
    'TTFT p95 ms': first[Math.floor(first.length * 0.95)],
  };
}

await level(2);
const rows = [];
for (const concurrency of [1, 2, 4, 8, 16]) rows.push(await level(concurrency));
const base = rows[0]['tok/s'];
console.table(rows.map((row) => ({ ...row, 'tok/s': Math.round(row['tok/s']), 'TTFT p50 ms': +row['TTFT p50 ms'].toFixed(1), 'TTFT p95 ms': +row['TTFT p95 ms'].toFixed(1), 'against 1': +(row['tok/s'] / base).toFixed(2) })));
agent.destroy();
server.kill();
