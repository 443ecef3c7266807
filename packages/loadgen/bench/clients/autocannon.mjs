// Short requests that are not streamed, by autocannon: `autocannon.mjs JSON`. Prints what it cost, as JSON.
import autocannon from 'autocannon';

const { url, connections, requests, body } = JSON.parse(process.argv[2] ?? '{}');
const before = process.cpuUsage();
const result = await autocannon({
  url: `${url}/v1/chat/completions`,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  connections,
  amount: requests,
});
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  `${JSON.stringify({ cpuMs: (user + system) / 1000, requests: { ok: result['2xx'], failed: result.non2xx + result.errors }, durationS: result.duration })}\n`,
);
