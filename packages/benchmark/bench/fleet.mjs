/**
 * What a run on a fleet costs here: how long `planCloud` takes for all tasks, and how much CPU of this process a task takes when the run is
 * driven as `bench run --on cloud` drives it: rented through a real ledger, deployed, measured, journalled, its results written, and ended. The
 * provider is a map in this process, its machines are on paper (`paper-host.mjs`), and a task is a command that writes one number.
 * Run it after a build: `node bench/fleet.mjs [machines] [tasks] [machines at once]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';
import { createIo } from '../../core/dist/index.js';
import { planCloud } from '../../planner/dist/index.js';
import { acquire, expectedPrice, openLedger, openProviders, rankOffers } from '../../provisioning/dist/index.js';
import { expandRecipe, parseRecipe } from '../../recipe/dist/index.js';
import { paperHost } from './paper-host.mjs';

const [machines = 1000, tasks = 10_000, atOnce = machines] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), 'bench-fleet-'));
const at = new Date().toISOString();
const offers = Array.from({ length: 200 }, (_, i) => ({
  id: `offer-${i}`,
  provider: 'memory',
  instanceType: 'cpu-8',
  region: `region-${i % 20}`,
  zone: null,
  country: 'SE',
  gpu: null,
  cpus: 8,
  memoryGb: 32,
  diskGb: 1000,
  diskInPrice: true,
  priceUsdPerHour: 2 + (i % 7) / 10,
  storageUsdPerGbMonth: null,
  egressUsdPerGb: null,
  priceSource: { kind: 'live', name: 'Memory', at },
  market: 'on-demand',
  availability: 'available',
  workloads: ['vm'],
  reliability: null,
  verified: null,
  downMbps: null,
  upMbps: null,
  cudaVersion: null,
  driverVersion: null,
  publicIp: 'direct',
  rentableUntil: null,
  data: null,
}));

const held = new Map();
let most = 0;
let last = 0;
const shown = (one, state = 'running') => ({ ...one, state, rawState: state });
const provider = {
  check: async () => ({ items: [] }),
  async *offers() {
    yield* offers;
  },
  plan: () => [],
  async create(spec) {
    const ref = { provider: 'memory', id: `m${++last}`, name: spec.name, region: spec.offer.region, zone: null };
    held.set(ref.id, {
      ref,
      stateReason: null,
      connection: { host: '192.0.2.1', port: last, user: 'me' },
      published: [],
      priceUsdPerHour: spec.offer.priceUsdPerHour,
      priceSource: spec.offer.priceSource,
      createdAt: at,
      preempted: false,
      failure: null,
      owner: spec.owner,
      run: spec.run,
      expiresAt: spec.expiresAt,
      market: spec.market,
      workload: 'vm',
    });
    most = Math.max(most, held.size);
    return shown(held.get(ref.id), 'provisioning');
  },
  observe: async (refs) => new Map(refs.map(({ id }) => [id, held.has(id) ? shown(held.get(id)) : null])),
  find: async (name) => [...held.values()].map((one) => shown(one)).find((one) => one.ref.name === name) ?? null,
  terminate: async ({ id }) => (held.delete(id), 'gone'),
  async *owned({ run } = {}) {
    for (const one of held.values()) if (run === undefined || one.run === run) yield shown(one);
  },
  close: async () => undefined,
};
const factory = {
  contractVersion: 1,
  name: 'memory',
  title: 'Memory',
  capabilities: {
    workloads: ['vm'],
    markets: ['on-demand'],
    idempotentCreate: false,
    labels: true,
    nativeTtl: false,
    // Its machines are on paper: nothing is to shut them down.
    shutdown: 'never',
    shutdownEndsBilling: false,
    stopStart: false,
    livePrices: true,
    logs: false,
    visibleWithinMs: 0,
  },
  limits: {},
  settings: { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } },
  deadlines: { pollMs: 100 },
  configured: async () => null,
  open: async () => provider,
};

const cloud = {
  providers: null,
  regions: [],
  markets: ['on-demand'],
  maxPriceUsdPerHour: 5,
  allowUnknownPrice: false,
  maxCostUsd: null,
  diskGb: 100,
  image: null,
  maxLifetimeS: 7200,
  bidUsdPerHour: null,
  workload: 'vm',
  criteria: {},
  maxWorkers: atOnce,
  leaseS: 1800,
  keepS: 3600,
};
const RECIPES = Math.max(1, Math.ceil(tasks / 500));
const list = Array.from({ length: RECIPES }, (_, recipe) => {
  const numbers = Array.from({ length: Math.ceil(tasks / RECIPES) }, (_unused, i) => recipe * 1000 + i);
  const text = `command: {run: 'echo "{\\"n\\": $n}" > metrics.json', result_files: [metrics.json]}
deploy: {gpu_concurrency: ${Math.ceil(machines / RECIPES)}}
matrices: {cross: {n: [${numbers.join(', ')}]}}
`;
  return expandRecipe(parseRecipe(text, { file: join(root, `fleet-${recipe}.yaml`), dir: root, name: `fleet-${recipe}` }));
}).flat();
// How a run rents is no part of what the package gives others: its source is read.
const vite = await createViteServer({
  root: fileURLToPath(new URL('..', import.meta.url)),
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
const { runCloud } = await vite.ssrLoadModule('/src/cloud/run-cloud.ts');
const io = createIo({ env: {} });
const from = performance.now();
planCloud({ tasks: list, offers, limits: cloud, now: io.now(), rank: rankOffers, price: expectedPrice });
const planMs = performance.now() - from;
console.log(`planned by planCloud        ${planMs.toFixed(0)} ms for ${list.length} tasks on ${machines} machines`);

const providers = await openProviders({ factories: [factory], settings: {}, io });
const ledger = await openLedger({ dir: join(root, 'ledger'), io });
const cpuFrom = process.cpuUsage();
const runFrom = performance.now();
const outcome = await runCloud(
  {
    io,
    tasks: list,
    root: join(root, 'runs'),
    folders: [],
    cwd: root,
    tools: {},
    cloud: { ledger, providers },
    asked: { recipes: [], site: 'cloud', filter: [], seed: 1, cloud },
  },
  () => undefined,
  (context) => ({
    // Everything of a rental but SSH.
    async rent(wanted, { signal, on, secrets = [] }) {
      const rented = await acquire(wanted, { ...context, signal, on, secrets });
      return { ...rented, connect: async () => paperHost(rented.name) };
    },
    adopt: async () => null,
  }),
);
const { user, system } = process.cpuUsage(cpuFrom);
const wallS = (performance.now() - runFrom) / 1000;
const left = (await ledger.entries()).filter(({ state }) => state !== 'gone').length;
await ledger.close();
await providers.close();
await vite.close();
rmSync(root, { recursive: true, force: true });

console.log(`${list.length} tasks over ${machines} machines, at most ${most} at once; Node ${process.version}`);
console.log(`run                         ${outcome.status}, ${last} machines rented, ${wallS.toFixed(1)} s`);
console.log(
  `CPU of this process         ${((user + system) / 1000 / list.length).toFixed(2)} ms a task, ${(system / 1000 / list.length).toFixed(2)} ms of it the system's`,
);
console.log(`left                        ${held.size} machines, ${left} entries of the ledger`);
if (outcome.status !== 'done' || held.size + left > 0) process.exitCode = 1;
