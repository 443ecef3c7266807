import {
  loadSpecSchema,
  prng,
  percentileInterval,
  summarize,
  type Distribution,
  type EngineInfo,
  type LoadSpecInput,
  type OwnMetric,
  type PercentileBounds,
  type PointFlag,
  type PointResult,
  type PointTelemetry,
  type RequestRecord,
  type SeriesRow,
} from '@bench/core';
import type { DeploymentFile, GapList, MachineFile, PointView, RunView, TaskView } from '@bench/results';

/** What a synthetic point is made of; all of it follows from `seed`. */
export interface PointPlan {
  load?: LoadSpecInput;
  concurrency?: number;
  ratePerS?: number;
  requests?: number;
  outputTokens?: number;
  repeats?: number;
  failed?: number;
  flags?: PointFlag[];
  embeddings?: boolean;
  telemetry?: PointTelemetry[];
  seed?: number;
  /** The whole point failed with this message. */
  error?: string;
  /** The recipe measured itself: these figures, and requests only where `requests` says how many. */
  own?: Record<string, { value: number } & OwnMetric>;
}

export interface TaskPlan {
  kind?: TaskView['file']['kind'];
  recipe?: string;
  variant?: string;
  params?: Record<string, string | number | boolean | null>;
  points: PointPlan[];
  error?: string;
  engine?: Partial<EngineInfo>;
  /** Milliseconds a token at one request; how much slower each further request makes it; where the engine saturates. */
  speed?: { tpotMs: number; slope: number; ttftMs: number };
  gpu?: { name: string | null; count: number };
  machine?: Partial<MachineFile>;
  recipeText?: string;
  noGaps?: boolean;
}

export interface RunPlan {
  id?: string;
  tasks: TaskPlan[];
  problems?: RunView['problems'];
  status?: RunView['status'];
  planned?: { recipe: string; variant: string; key: string }[];
}

/** A run directory as `readRun` would give it, without a disk. */
export function syntheticRun(plan: RunPlan): RunView {
  const tasks = plan.tasks.map(syntheticTask);
  const id = plan.id ?? 'rk3v9x0a2b';
  const planned = [
    ...tasks.map((task) => ({ recipe: task.file.recipe, variant: task.file.variant, key: task.file.key })),
    ...(plan.planned ?? []),
  ];
  return {
    dir: `/runs/${id}`,
    run: {
      schemaVersion: 1,
      id,
      createdAt: '2026-05-04T13:20:11.000Z',
      endedAt: '2026-05-04T13:26:43.000Z',
      status: plan.status ?? 'done',
      exitCode: 0,
      tools: { '@bench/cli': '0.1.0', node: '20.20.1' },
      asked: { recipes: [...new Set(tasks.map((task) => `recipes/${task.file.recipe}`))], site: 'local', filter: [], seed: 7 },
      tasks: planned.map((task) => ({ ...task, group: 0, deploymentKey: 'd1', points: 4, repeats: 1 })),
    },
    notes: { tags: [], remarks: [] },
    status: plan.status ?? 'done',
    tasks,
    machines: tasks.flatMap((task) => (task.machine ? [task.machine] : [])),
    live: [],
    rented: [],
    jobs: [],
    detachedUntil: null,
    spans: { totalMs: 0, spans: [] },
    cost: null,
    problems: plan.problems ?? [],
  };
}

function syntheticTask(plan: TaskPlan, index: number): TaskView {
  const recipe = plan.recipe ?? 'tiny-cpu';
  const variant = plan.variant ?? 'default';
  const machine: MachineFile = {
    name: 'local',
    kind: 'local',
    system: {
      hostname: 'bench-host',
      os: 'Debian GNU/Linux 13',
      kernel: '6.12.9',
      arch: 'x64',
      cpu: { model: 'AMD EPYC 7B13', logicalCores: 8 },
      memoryBytes: 33_554_432_000,
      nodeVersion: '20.20.1',
      ...(plan.gpu?.name
        ? {
            gpus: Array.from({ length: plan.gpu.count }, () => ({ name: plan.gpu?.name ?? '', memoryMiB: 81_559, driver: '570.86' })),
            driverVersion: '570.86',
            cudaVersion: '12.8',
          }
        : {}),
    },
    priceUsdPerHour: null,
    priceSource: null,
    ...plan.machine,
  };
  const deployment: DeploymentFile = {
    id: `d${index + 1}`,
    key: `dk${index}`,
    target: 'process',
    status: plan.error ? 'failed' : 'stopped',
    engine: {
      name: 'embedded',
      version: '0.1.0',
      model: 'random-tiny',
      command: ['bench-embedded-engine', '--port', '41237', '--max-concurrent-requests', '8'],
      randomWeights: !plan.gpu?.name,
      ...plan.engine,
    },
    machine: 0,
    phases: [
      { name: 'prepare', startMs: 0, durationMs: 420 },
      { name: 'start', startMs: 420, durationMs: 1300 },
      { name: 'model_load', startMs: 1720, durationMs: 2650 },
      { name: 'ready', startMs: 4370, durationMs: 240 },
      { name: 'smoke_test', startMs: 4610, durationMs: 95 },
      { name: 'teardown', startMs: 95_000, durationMs: 310 },
      { name: 'weights_load', startMs: 1800, durationMs: 2000, within: 'model_load' },
    ],
    error: null,
  };
  const points = plan.points.flatMap((point, i) =>
    Array.from({ length: point.repeats ?? 1 }, (_, repeat) => syntheticPoint(plan, point, i, repeat)),
  );
  return {
    file: {
      schemaVersion: 1,
      recipe,
      variant,
      key: `key-${recipe}-${variant}`,
      kind: plan.kind ?? 'inference',
      params: plan.params ?? {},
      gpu: plan.gpu ?? { name: null, count: 0 },
      status: plan.error ? 'failed' : 'done',
      deployment: deployment.id,
      machine: 0,
      points: points.map((point) => point.entry),
      error: plan.error ? { code: 'BENCH_ENGINE_EXIT', message: plan.error, hint: 'read the engine log' } : null,
    },
    recipeText: plan.recipeText ?? 'name: tiny-cpu\nmodel:\n  random: tiny\n',
    deployment,
    machine,
    points,
  };
}

function syntheticPoint(task: TaskPlan, plan: PointPlan, point: number, repeat: number): PointView {
  const entry = {
    attempt: 1,
    point,
    repeat,
    path: `attempts/1/points/${point}/${repeat}`,
    status: plan.error ? ('failed' as const) : ('ok' as const),
    error: plan.error ?? null,
  };
  if (plan.error)
    return {
      entry,
      result: null,
      series: () => Promise.resolve([]),
      requests: () => Promise.resolve([]),
      gaps: () => Promise.resolve([]),
      telemetry: () => Promise.resolve([]),
    };
  const simulated = simulate(task, plan.own ? { ...plan, embeddings: true } : plan, plan.seed ?? point * 100 + repeat + 1);
  const counted = !plan.own || plan.requests !== undefined;
  const { records, gaps } = counted ? simulated : { records: [], gaps: [] };
  const measured = measure(plan, point, repeat, simulated.records, simulated.gaps);
  return {
    entry,
    result: plan.own ? measureOwn(plan.own, measured, counted) : measured,
    series: () => Promise.resolve(counted ? perSecond(records) : []),
    requests: () => Promise.resolve(records),
    gaps: () => Promise.resolve(task.noGaps ? [] : gaps),
    telemetry: () => Promise.resolve(plan.telemetry ?? []),
  };
}

/** A closed loop of `concurrency` clients, or arrivals at a rate, at an engine that slows down as it fills. */
function simulate(task: TaskPlan, plan: PointPlan, seed: number): { records: RequestRecord[]; gaps: GapList[] } {
  const random = prng(seed);
  const speed = task.speed ?? { tpotMs: 4.2, slope: 0.09, ttftMs: 9 };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const clients = plan.concurrency ?? 8;
  const count = plan.requests ?? 48;
  const free: number[] = Array.from({ length: clients }, () => 0);
  const records: RequestRecord[] = [];
  const gaps: GapList[] = [];
  let clock = 0;
  for (let index = 0; index < count; index++) {
    const slot = free.indexOf(Math.min(...free));
    let sentMs = free[slot] as number;
    if (plan.ratePerS) {
      clock += (-Math.log(1 - random.next()) / plan.ratePerS) * 1000;
      sentMs = clock;
    }
    const busy = plan.ratePerS ? Math.min(16, plan.ratePerS) : clients;
    const tpot = speed.tpotMs * (1 + speed.slope * (busy - 1));
    const ttft = (speed.ttftMs + (busy > 8 ? (busy - 8) * 14 : busy * 0.8)) * Math.exp(0.28 * normal());
    const outputTokens = plan.embeddings ? 0 : (plan.outputTokens ?? 64);
    const list = new Float32Array(Math.max(0, outputTokens - 1));
    for (let i = 0; i < list.length; i++) list[i] = tpot * Math.exp(0.18 * normal()) + (random.next() < 0.01 ? tpot * 4 : 0);
    const failed = index < (plan.failed ?? 0);
    const first = sentMs + ttft;
    const last = first + list.reduce((a, b) => a + b, 0);
    free[slot] = failed ? sentMs + 3 : last + 0.4;
    records.push({
      index,
      phase: 'measured',
      status: failed ? 'failed' : 'ok',
      intendedMs: sentMs,
      sentMs,
      firstByteMs: failed ? null : first - 1,
      firstEventMs: failed || plan.embeddings ? null : first,
      firstTokenMs: failed || plan.embeddings ? null : first,
      firstAnswerMs: failed || plan.embeddings ? null : first,
      lastTokenMs: failed || plan.embeddings ? null : last,
      lastEventMs: failed || plan.embeddings ? null : last,
      endMs: failed ? sentMs + 3 : last + 0.2,
      chunks: failed ? 0 : outputTokens,
      eventsBefore: 0,
      eventsAfter: 0,
      reads: failed ? 0 : outputTokens,
      promptTokens: failed ? null : 128,
      cachedTokens: failed ? null : 0,
      outputTokens: failed || plan.embeddings ? null : outputTokens,
      reasoningTokens: null,
      promptTokenSource: failed ? 'none' : 'server_usage',
      outputTokenSource: failed ? 'none' : 'server_usage',
      requestedPromptTokens: 128,
      requestedOutputTokens: plan.embeddings ? null : outputTokens,
      finishReason: failed ? null : 'length',
      connection: 'reused',
      worker: 0,
      httpStatus: failed ? 503 : 200,
      error: failed ? { class: 'http_5xx', message: 'HTTP 503: overloaded' } : null,
    });
    if (!failed) gaps.push({ index, gapsMs: list });
  }
  return { records, gaps };
}

function measure(plan: PointPlan, point: number, repeat: number, records: RequestRecord[], gaps: GapList[]): PointResult {
  const ok = records.filter((r) => r.status === 'ok');
  const durationS = Math.max(...records.map((r) => r.endMs ?? 0)) / 1000;
  const sumOf = (pick: (r: RequestRecord) => number | null) => ok.reduce((sum, r) => sum + (pick(r) ?? 0), 0);
  const input = sumOf((r) => r.promptTokens);
  const output = sumOf((r) => r.outputTokens);
  const distributions: Record<string, Distribution> = {};
  const intervals: PercentileBounds = {};
  const add = (name: string, values: number[]) => {
    const summary = summarize(values);
    if (summary) distributions[name] = summary;
    const p50 = percentileInterval(Float64Array.from(values).sort(), 50);
    // Of gaps a request has many.
    if (p50 && name !== 'itl_ms') intervals[name] = { p50 };
  };
  add(
    'ttft_ms',
    ok.flatMap((r) => (r.firstTokenMs === null ? [] : [r.firstTokenMs - r.sentMs])),
  );
  add(
    'tpot_ms',
    ok.flatMap((r) =>
      r.lastTokenMs !== null && r.firstTokenMs !== null && (r.outputTokens ?? 0) > 1
        ? [(r.lastTokenMs - r.firstTokenMs) / ((r.outputTokens ?? 0) - 1)]
        : [],
    ),
  );
  add('itl_ms', plan.embeddings ? [] : gaps.flatMap((g) => [...g.gapsMs]));
  add(
    'e2el_ms',
    ok.flatMap((r) => (r.endMs === null ? [] : [r.endMs - r.sentMs])),
  );
  const load = loadSpecSchema.parse(
    plan.load ?? {
      api: plan.embeddings ? 'embeddings' : 'chat',
      ...(plan.ratePerS
        ? { arrival: { kind: 'poisson', ratePerS: plan.ratePerS }, maxConcurrency: null }
        : { maxConcurrency: plan.concurrency ?? 8 }),
      numPrompts: plan.requests ?? 48,
      data: {
        kind: 'random',
        inputTokens: { min: 128, max: 128 },
        outputTokens: { min: plan.outputTokens ?? 64, max: plan.outputTokens ?? 64 },
      },
      warmupRequests: 4,
    },
  );
  return {
    schemaVersion: 1,
    point,
    repeat,
    load,
    startedAt: '2026-05-04T13:21:00.000Z',
    durationS,
    counts: { sent: records.length, ok: ok.length, failed: records.length - ok.length, cancelled: 0, warmup: 4 },
    errors: ok.length < records.length ? { http_5xx: records.length - ok.length } : {},
    scalars: {
      request_throughput: ok.length / durationS,
      input_throughput: input / durationS,
      total_token_throughput: (input + output) / durationS,
      ...(plan.embeddings ? {} : { output_throughput: output / durationS, total_output_tokens: output }),
      total_input_tokens: input,
      error_ratio: 1 - ok.length / records.length,
    },
    distributions,
    intervals,
    vllm: { request_throughput: ok.length / durationS },
    tokenSources: { prompt: 'server_usage', output: plan.embeddings ? 'none' : 'server_usage' },
    client: { workers: 1, eluMax: 0.21, loopDelayP99Ms: 1.2, scheduleLagP99Ms: null, cpuCores: 0.24, eventsPerRead: 1.01 },
    flags: plan.flags ?? [],
  };
}

/** What is left of a point when nobody but the recipe's own clients counted anything. */
function measureOwn(own: NonNullable<PointPlan['own']>, result: PointResult, requests: boolean): PointResult {
  const { request_throughput: perS = 0, error_ratio: errors = 0 } = result.scalars;
  const figures = Object.fromEntries(Object.entries(own).map(([name, { value }]) => [name, value * (1 + result.repeat / 100)]));
  return {
    ...result,
    load: null,
    counts: requests ? { ...result.counts, warmup: 0 } : { sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 },
    errors: requests ? result.errors : {},
    scalars: { ...(requests ? { request_throughput: perS, error_ratio: errors } : {}), ...figures },
    distributions: requests && result.distributions.e2el_ms ? { e2el_ms: result.distributions.e2el_ms } : {},
    ownMetrics: Object.fromEntries(Object.entries(own).map(([name, { unit, better }]) => [name, { unit, better }])),
    vllm: {},
    tokenSources: null,
    client: null,
  };
}

function perSecond(records: RequestRecord[]): SeriesRow[] {
  const end = Math.max(...records.map((r) => r.endMs ?? 0));
  return Array.from({ length: Math.ceil(end / 1000) }, (_, t) => {
    const from = t * 1000;
    const inside = (ms: number | null) => ms !== null && ms >= from && ms < from + 1000;
    const overlap = (a: number, b: number) => Math.max(0, Math.min(b, from + 1000) - Math.max(a, from));
    const ttft = summarize(records.flatMap((r) => (inside(r.firstTokenMs) ? [(r.firstTokenMs ?? 0) - r.sentMs] : [])));
    return {
      t,
      sent: records.filter((r) => inside(r.sentMs)).length,
      done: records.filter((r) => inside(r.endMs) && r.status === 'ok').length,
      failed: records.filter((r) => inside(r.endMs) && r.status === 'failed').length,
      outputTokens: records.reduce((sum, r) => {
        const span = (r.lastTokenMs ?? 0) - (r.firstTokenMs ?? 0);
        return span > 0 ? sum + ((r.outputTokens ?? 0) * overlap(r.firstTokenMs ?? 0, r.lastTokenMs ?? 0)) / span : sum;
      }, 0),
      inFlight: records.reduce((sum, r) => sum + overlap(r.sentMs, r.endMs ?? r.sentMs), 0) / 1000,
      ttftP50Ms: ttft?.p50 ?? null,
      client: [ownSecond(records.filter((r) => inside(r.sentMs)).length)],
    };
  });
}

function ownSecond(sent: number): NonNullable<SeriesRow['client']>[number] {
  const elu = Math.min(1, 0.1 + sent / 100);
  const seen = { loopDelayP99Ms: 1.2, scheduleLagP99Ms: null, gcMs: 2, cpuMs: 900 * elu, cpuWaitMs: 4, eventsPerRead: 1 };
  return { worker: 0, wallMs: 1000, elu, busy: elu, ...seen };
}

/** The run of the README's picture: a sweep of the embedded engine. */
export function demoRun(): RunView {
  const flags: PointFlag[] = [{ code: 'random_weights', message: 'generated weights (tiny)' }];
  const few: PointFlag = { code: 'few_samples', message: '32 requests cannot carry p99' };
  return syntheticRun({
    tasks: [
      {
        points: [
          { concurrency: 1, requests: 32, flags: [...flags, few] },
          { concurrency: 2, requests: 64, flags: [...flags, few] },
          { concurrency: 4, requests: 128, flags },
          { concurrency: 8, requests: 256, flags },
          { concurrency: 16, requests: 256, flags },
        ],
        speed: { tpotMs: 4.2, slope: 0.14, ttftMs: 9 },
      },
    ],
  });
}

/** Two engines on GPUs, a failed variant, a task that never ran, and a damaged file. */
export function mixedRun(): RunView {
  const sweep = [1, 4, 16, 64].map((concurrency) => ({ concurrency, requests: 64 + concurrency * 8, repeats: 2, outputTokens: 128 }));
  const gpu = { name: 'NVIDIA H200', count: 8 };
  const machine = { priceUsdPerHour: 28.4, priceSource: 'list price, 2026-05-01' };
  return syntheticRun({
    id: 'rmixed0001',
    status: 'failed',
    tasks: [
      {
        recipe: 'qwen3-coder',
        variant: 'vllm-tp8',
        gpu,
        machine,
        engine: {
          name: 'vllm',
          version: '0.11.0',
          model: 'Qwen/Qwen3-Coder-480B-A35B-Instruct',
          image: 'vllm/vllm-openai:v0.11.0',
          digest: 'sha256:9b1e',
        },
        points: sweep,
        speed: { tpotMs: 7, slope: 0.03, ttftMs: 60 },
      },
      {
        recipe: 'qwen3-coder',
        variant: 'sglang-tp8',
        gpu,
        machine,
        engine: { name: 'sglang', version: '0.5.4', model: 'Qwen/Qwen3-Coder-480B-A35B-Instruct' },
        points: sweep.map((p, i) => ({
          ...p,
          ...(i === 3 ? { failed: 5, flags: [{ code: 'failures' as const, message: '10 of 1152 requests failed' }] } : {}),
        })),
        speed: { tpotMs: 6.2, slope: 0.034, ttftMs: 48 },
      },
      {
        recipe: 'qwen3-coder',
        variant: 'vllm-tp4',
        gpu: { name: 'NVIDIA H200', count: 4 },
        machine,
        engine: { name: 'vllm', version: '0.11.0', model: 'Qwen/Qwen3-Coder-480B-A35B-Instruct' },
        points: [],
        error: 'the engine ended with exit code 1 before it was ready: CUDA out of memory',
      },
    ],
    planned: [{ recipe: 'qwen3-coder', variant: 'sglang-tp4', key: 'never' }],
    problems: [
      {
        path: 'tasks/qwen3-coder/vllm-tp8/attempts/1/points/2/0/requests.jsonl.gz',
        message: 'unexpected end of file; 118 lines were read',
      },
    ],
  });
}

const figure = (value: number, unit: string, better: OwnMetric['better']) => ({ value, unit, better });

/** A service on two settings with its clients, whose requests one of them listed, and a command: recipes that measure themselves. */
export function ownRun(): RunView {
  const redis = (set: number, requests?: number): PointPlan => ({
    own: {
      'redis-benchmark.set_rps': figure(set, 'req/s', 'higher'),
      'redis-benchmark.get_rps': figure(set * 1.08, 'req/s', 'higher'),
      'redis-benchmark.set_p99_ms': figure(1800 / set, 'ms', 'lower'),
      'redis-benchmark.used_memory': figure(set / 40, 'MiB', null),
    },
    ...(requests === undefined ? {} : { requests }),
    repeats: 2,
  });
  const engine = { name: 'redis', version: '7.2', image: 'redis:7.2', model: '', randomWeights: false };
  return syntheticRun({
    id: 'rown000001',
    tasks: [
      { kind: 'service', recipe: 'redis-stress', variant: 'it-1', engine, points: [redis(91_250)] },
      { kind: 'service', recipe: 'redis-stress', variant: 'it-4', engine, points: [redis(152_480, 40)] },
      {
        kind: 'command',
        recipe: 'copy-weights',
        engine: { name: 'command', model: '', randomWeights: false },
        points: [{ own: { throughput: figure(2.31, 'GB/s', 'higher'), files: figure(12, '', null) } }],
      },
      {
        kind: 'service',
        recipe: 'redis-stress',
        variant: 'it-16',
        engine,
        points: [{ error: 'client redis-benchmark ended with exit code 1' }],
      },
    ],
  });
}

const HOSTILE = `<script>window.pwned=1</script>"><img src=x onerror="window.pwned=1"> \u202Eevil\u202C \u05E9\u05DC\u05D5\u05DD 👩‍🚀 =HYPERLINK("http://x")`;

/** Names and messages that try to be markup, formulas, terminal commands or very long. */
export function hostileRun(): RunView {
  const long = 'x'.repeat(10_000);
  return syntheticRun({
    id: `r</script><b>${HOSTILE}`,
    tasks: [
      {
        recipe: HOSTILE,
        variant: `=1+1`,
        params: { '<b>': HOSTILE, '=cmd': '@SUM(1)' },
        engine: { name: HOSTILE, version: long, model: `${HOSTILE}${long}`, image: '-2+3', command: ['\u001B[31mred', HOSTILE, `'\`$(x)`] },
        machine: {
          name: HOSTILE,
          system: { hostname: HOSTILE, cpu: { model: `+${long}`, logicalCores: 2 } },
          priceUsdPerHour: 1,
          priceSource: HOSTILE,
        },
        points: [
          { concurrency: 1, flags: [{ code: 'few_samples', message: `"><svg onload=alert(1)>${HOSTILE}` }] },
          { concurrency: 2, requests: 16 },
          { concurrency: 4, error: `\u001B]0;title\u0007${HOSTILE}${long}` },
        ],
        recipeText: `name: "</pre></details><script>window.pwned=1</script>"\n${long}`,
      },
      { recipe: `${HOSTILE}${long}`, variant: 'عربي', points: [], error: `${long}${HOSTILE}` },
    ],
    problems: [{ path: `tasks/${HOSTILE}`, message: long }],
  });
}
