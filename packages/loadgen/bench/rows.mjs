import { runClient, runOwn, startServer } from './run-apart.mjs';

const PYTHON = '/usr/bin/python3';
const exactly = (tokens) => ({ min: tokens, max: tokens });
const random = (inputTokens, outputTokens) => ({ kind: 'random', inputTokens: exactly(inputTokens), outputTokens: exactly(outputTokens) });

/** Both sides are compiled as they run: what takes the first seconds longer is not what is asked here. */
const WARM = { warmupRequests: 1_000_000, warmupMs: 3000 };

/** Runs something against a server that is ended whatever happens. */
async function against(options, use) {
  const server = await startServer(options);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** `streams` answers at once, each of `rate` tokens a second, for about `seconds`. */
const paced = ({ streams, rate, seconds, workers, truth, warm = WARM }) =>
  against({ ttftMs: 50, gapMs: 1000 / rate }, ({ url }) => {
    const tokens = Math.max(2, Math.round(rate * 2));
    const load = {
      maxConcurrency: streams,
      numPrompts: Math.max(streams, Math.round((streams * seconds) / 2)),
      ...warm,
      // Lengths differ so that streams fall out of step, as they do in life.
      data: { kind: 'random', inputTokens: exactly(64), outputTokens: { min: Math.ceil(tokens / 2), max: Math.floor(tokens * 1.5) } },
    };
    return runOwn({ url, load, workers, truth });
  });

async function eventCpu() {
  const [streams, rate, seconds] = [200, 50, 10];
  const own = await paced({ streams, rate, seconds, workers: 1 });
  const peer = await against({ ttftMs: 50, gapMs: 1000 / rate }, ({ url }) =>
    runClient(PYTHON, './clients/aiohttp_stream.py', [url, String(streams), String((streams * seconds) / 2), '64', '100']),
  );
  const cost = ({ cpuMs, events }) => (cpuMs / events) * 1000;
  return { value: cost(own) / cost(peer), note: `${cost(own).toFixed(1)} µs against ${cost(peer).toFixed(1)} µs` };
}

async function shortRequests() {
  const [connections, requests] = [64, 30_000];
  const own = await against({}, ({ url }) =>
    runOwn({
      url,
      workers: 1,
      load: { maxConcurrency: connections, numPrompts: requests, warmupRequests: 200, stream: false, data: random(16, 1) },
    }),
  );
  const body = { model: 'test', messages: [{ role: 'user', content: Array(16).fill('word').join(' ') }], max_tokens: 1, stream: false };
  const peer = await against({}, ({ url }) =>
    runClient(process.execPath, './clients/autocannon.mjs', [JSON.stringify({ url, connections, requests, body })]),
  );
  const perCore = ({ cpuMs, requests: { ok } }) => (ok / cpuMs) * 1000;
  return { value: perCore(own) / perCore(peer), note: `${perCore(own).toFixed(0)}/s against ${perCore(peer).toFixed(0)}/s of a core` };
}

async function twoWorkers() {
  const cost = async (workers) => {
    const { cpuMs, events } = await paced({ streams: 200, rate: 50, seconds: 10, workers });
    return (cpuMs / events) * 1000;
  };
  const [one, two] = [await cost(1), await cost(2)];
  return { value: two / one, note: `${two.toFixed(1)} µs against ${one.toFixed(1)} µs` };
}

const error = (streams, rate, q) => async () => {
  const {
    error: { stampMs, serverLateMs },
  } = await paced({ streams, rate, seconds: 10, truth: true });
  return {
    value: stampMs[q],
    note: `p50 ${stampMs.p50.toFixed(3)}, p99 ${stampMs.p99.toFixed(3)} ms; the server late by p99 ${serverLateMs.p99.toFixed(3)} ms`,
  };
};

const openLoop = (ratePerS, seconds) =>
  against({ ttftMs: 5 }, ({ url }) =>
    runOwn({
      url,
      load: {
        arrival: { kind: 'constant', ratePerS },
        maxConcurrency: null,
        numPrompts: ratePerS * seconds,
        ...WARM,
        stream: false,
        data: random(16, 1),
      },
    }),
  );

async function lag() {
  const { client } = await openLoop(1000, 10);
  return { value: client.scheduleLagP99Ms, note: `event loop busy ${(client.eluMax * 100).toFixed(0)} %` };
}

const rateMissed = (ratePerS) => async () => {
  const { ratePerS: reached } = await openLoop(ratePerS, 10);
  return { value: Math.abs(reached / ratePerS - 1) * 100, note: `${reached.toFixed(2)}/s` };
};

const manyStreams = () =>
  against({ ttftMs: 1000, gapMs: 1000 }, async (server) => {
    const load = { maxConcurrency: 10_000, numPrompts: 10_000, data: random(16, 60), requestTimeoutMs: 300_000 };
    const { requests, errors, peakBytes, client } = await runOwn({ url: server.url, load });
    const made = (await server.truth()).filter(({ id, outcome }) => id !== '' && outcome !== 'done').length;
    return {
      value: requests.failed - made,
      note: `${requests.ok} ok, ${JSON.stringify(errors)}; ${(peakBytes / 1e6).toFixed(0)} MB, ${client.cpuCores.toFixed(2)} cores`,
    };
  });

async function memoryOfStreams() {
  const { peakBytes } = await paced({ streams: 1400, rate: 10, seconds: 4, warm: {} });
  return { value: peakBytes / 1e6, note: 'whole process at its peak, two answers a stream' };
}

async function memoryOfRequests() {
  const kept = async (numPrompts) => {
    const load = { maxConcurrency: 64, numPrompts, stream: false, data: random(16, 1) };
    return (await against({}, ({ url }) => runOwn({ url, load, workers: 1 }))).peakBytes;
  };
  const [few, many] = [await kept(20_000), await kept(220_000)];
  return { value: (many - few) / 200_000, note: `${(few / 1e6).toFixed(0)} MB with 20 000, ${(many / 1e6).toFixed(0)} MB with 220 000` };
}

/**
 * The rows of the table: what is measured, the unit, what is to be reached (`most` or `least`; neither: only told), and how. A `value` is of one run.
 */
export const ROWS = [
  { name: 'event-cpu', what: 'CPU per paced event against aiohttp', unit: '×', most: 0.5, run: eventCpu },
  { name: 'short', what: 'short requests per second and core against autocannon', unit: '×', least: 0.5, run: shortRequests },
  { name: 'workers', what: 'CPU per event, 2 workers against 1', unit: '×', most: 1.15, run: twoWorkers },
  { name: 'error-200-p50', what: 'client error, 200 streams × 50/s, p50', unit: 'ms', most: 0.2, run: error(200, 50, 'p50') },
  { name: 'error-200-p99', what: 'client error, 200 streams × 50/s, p99', unit: 'ms', most: 2, run: error(200, 50, 'p99') },
  { name: 'error-1000-p99', what: 'client error, 1 000 streams × 10/s, p99', unit: 'ms', most: 5, run: error(1000, 10, 'p99') },
  { name: 'error-1000-50', what: 'client error, 1 000 streams × 50/s, p99', unit: 'ms', run: error(1000, 50, 'p99') },
  { name: 'lag', what: 'schedule lag at 1 000 requests/s, p99', unit: 'ms', most: 1, run: lag },
  { name: 'rate-200', what: 'asked rate missed at 200/s', unit: '%', most: 0.5, run: rateMissed(200) },
  { name: 'rate-2000', what: 'asked rate missed at 2 000/s', unit: '%', most: 0.5, run: rateMissed(2000) },
  {
    name: 'streams-10000',
    what: 'errors that the server did not make, 10 000 streams × 1/s for 60 s',
    unit: '',
    most: 0,
    run: manyStreams,
  },
  { name: 'memory-1400', what: 'memory at 1 400 streams', unit: 'MB', most: 150, run: memoryOfStreams },
  { name: 'memory-million', what: 'memory per million requests kept', unit: 'MB', most: 200, run: memoryOfRequests },
];
