// Measures tokens per second and time to first token against the built server, at growing concurrency.
//   node bench/throughput.mjs [tiny|small] [prompt tokens] [answer tokens] [seconds a level] [server flags…]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
    const call = request({
      port,
      host: '127.0.0.1',
      path: '/v1/completions',
      method: 'POST',
      agent,
      headers: { 'content-length': Buffer.byteLength(body) },
    });
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

/** CPU time of the server so far, on Linux: steadier than wall time on a machine that does other things too. */
function serverCpuMs() {
  try {
    const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return NaN;
  }
}

async function level(concurrency) {
  const start = performance.now();
  const cpuBefore = serverCpuMs();
  const until = start + Number(seconds) * 1000;
  const done = [];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) done.push(await complete());
    }),
  );
  const elapsed = (performance.now() - start) / 1000;
  const first = done.map((d) => d.firstMs).sort((a, b) => a - b);
  const tokens = done.reduce((sum, d) => sum + d.tokens, 0);
  return {
    concurrency,
    requests: done.length,
    'tok/s': tokens / elapsed,
    'CPU ms/token': (serverCpuMs() - cpuBefore) / tokens,
    'TTFT p50 ms': first[Math.floor(first.length / 2)],
    'TTFT p95 ms': first[Math.floor(first.length * 0.95)],
  };
}

await level(2);
const rows = [];
for (const concurrency of [1, 2, 4, 8, 16]) rows.push(await level(concurrency));
const [first] = rows;
const round = (value, digits) => Number(value.toFixed(digits));
console.table(
  rows.map((row) => ({
    ...row,
    'tok/s': round(row['tok/s'], 0),
    'CPU ms/token': round(row['CPU ms/token'], 3),
    'TTFT p50 ms': round(row['TTFT p50 ms'], 1),
    'TTFT p95 ms': round(row['TTFT p95 ms'], 1),
    'tok/s, ratio to 1': round(row['tok/s'] / first['tok/s'], 2),
    'tokens per CPU second, ratio to 1': round(first['CPU ms/token'] / row['CPU ms/token'], 2),
  })),
);
agent.destroy();
server.kill();
