import type { Io } from '@bench/core';

/** A machine of {@link memoCloud}. */
export interface MemoMachine {
  id: string;
  name: string;
  owner: string | null;
  run: string | null;
  expires: string | null;
  kind: string;
  market: string;
  madeAt: number;
  endedAt: number | null;
  stopped: boolean;
  preempted: boolean;
}

/** The smallest cloud that is as awkward as a real one: in memory, by a `fetch` of its own. For the suite's own tests. */
export interface MemoCloud {
  fetch: Io['fetch'];
  advance(ms: number): void;
  key: string;
  machines: MemoMachine[];
  /** What happens to the next create. */
  next: 'reset' | 'malformed' | 'error' | 'endless' | 'lost' | null;
  refuse: 'capacity' | 'quota' | 'balance' | 'request' | 'rate-limit' | null;
  down: boolean;
  /** Makes creates fail twice with a plain 429 first, boots in bits, … */
  awkward: boolean;
  alive(): MemoMachine[];
  add(machine: Partial<MemoMachine>): MemoMachine;
}

export const MEMO = { bootMs: 20_000, visibleMs: 3000, endMs: 10_000, page: 10 } as const;
const REFUSALS = {
  capacity: [409, 'sold out'],
  quota: [422, 'quota exceeded'],
  balance: [402, 'no money'],
  request: [400, 'bad image'],
  'rate-limit': [429, 'too often'],
} as const;

export function memoCloud(): MemoCloud {
  let now = 1_800_000_000_000;
  let last = 0;
  let busy = 0;
  const cloud: MemoCloud = {
    key: 'memo-key-0123456789',
    machines: [],
    next: null,
    refuse: null,
    down: false,
    awkward: false,
    advance: (ms) => void (now += ms),
    alive: () => cloud.machines.filter(({ endedAt }) => endedAt === null || now < endedAt + MEMO.endMs),
    add(given) {
      const machine: MemoMachine = {
        id: `m${++last}`,
        name: 'thing',
        owner: null,
        run: null,
        expires: null,
        kind: 'vm',
        market: 'on-demand',
        madeAt: now,
        endedAt: null,
        stopped: false,
        preempted: false,
        ...given,
      };
      cloud.machines.push(machine);
      return machine;
    },
    fetch: async (input, init) => {
      init?.signal?.throwIfAborted();
      const url = new URL(input instanceof Request ? input.url : input);
      const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
      if (cloud.down) return answer(500, { error: 'down' });
      if (new Headers(init?.headers).get('authorization') !== `Bearer ${cloud.key}`) return answer(401, { error: 'who are you?' });
      return route(init?.method ?? 'GET', url, body, init?.signal ?? null);
    },
  };

  const view = (machine: MemoMachine) => {
    const running = now >= machine.madeAt + MEMO.bootMs;
    const state = machine.endedAt !== null ? 'ENDING' : machine.stopped || machine.preempted ? 'STOPPED' : running ? 'RUNNING' : 'BOOTING';
    // The address is there before the port: one must wait for both.
    const host = now >= machine.madeAt + MEMO.bootMs / 2 ? '192.0.2.7' : null;
    const port = running ? 2222 : null;
    return { ...machine, state, host, port };
  };
  const visible = () => cloud.alive().filter(({ madeAt }) => now >= madeAt + MEMO.visibleMs);

  const create = (body: Record<string, unknown>, signal: AbortSignal | null): Response => {
    if (cloud.refuse !== null) return answer(REFUSALS[cloud.refuse][0], { error: REFUSALS[cloud.refuse][1] });
    if (cloud.awkward && busy++ % 3 !== 2) return answer(429, 'slow down');
    const how = cloud.next;
    cloud.next = null;
    if (how === 'lost') throw reset();
    const { name, owner, run, expires, kind, market } = body as Record<string, string>;
    const machine = cloud.add({
      name: name ?? '',
      owner: owner ?? null,
      run: run ?? null,
      expires: expires ?? null,
      kind: kind ?? '',
      market: market ?? '',
    });
    if (how === 'reset') throw reset();
    if (how === 'error') return answer(500, { error: 'oh' });
    if (how === 'endless') return endless(signal);
    if (how === 'malformed') return new Response('{"id": "m', { status: 201 });
    return answer(201, view(machine));
  };

  const route = (method: string, url: URL, body: Record<string, unknown>, signal: AbortSignal | null): Response => {
    const [, what, id, verb] = url.pathname.split('/');
    if (what === 'account') return answer(200, { email: 'ada@example.org' });
    if (what === 'offers') return answer(200, OFFERS);
    if (method === 'POST' && id === undefined) return create(body, signal);
    if (id === undefined) {
      const from = Number(url.searchParams.get('from') ?? 0);
      const all = visible();
      return answer(200, {
        machines: all.slice(from, from + MEMO.page).map(view),
        next: from + MEMO.page < all.length ? from + MEMO.page : null,
      });
    }
    const machine = visible().find((one) => one.id === id);
    if (machine === undefined) return answer(404, { error: 'no such machine' });
    if (method === 'DELETE') machine.endedAt ??= now;
    if (verb === 'stop') machine.stopped = true;
    if (verb === 'start') machine.stopped = false;
    return answer(200, view(machine));
  };
  return cloud;
}

const OFFERS = ['on-demand', 'spot'].flatMap((market) =>
  ['north-1', 'south-1'].flatMap((region) =>
    [1, 8].map((count) => ({ id: `${market}-${region}-${count}`, market, region, count, cents: market === 'spot' ? 0 : 200 * count })),
  ),
);

function answer(status: number, body: unknown): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
}

function reset(): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
}

/** Its beginning, and then nothing until the client goes away. */
function endless(signal: AbortSignal | null): Response {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"id": "m'));
      signal?.addEventListener('abort', () => controller.error(signal.reason), { once: true });
    },
  });
  return new Response(body, { status: 201 });
}
