import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Io } from '@bench/core';
import { acquire, adoptRented, openLedger, openProviders, type RentEvent, type Wanted } from '@bench/provisioning';
import { type FakeVast, type FakeVastOptions, processContainers, startFakeVast } from '@bench/provisioning/testing';
import { vast } from '@bench/provisioning/vast';
import { type Engine, expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import type { DeployEvent, Rentals } from '../../contract.ts';
import { containerEngine, ENGINE_IMAGE } from '../../testing/container-engine.ts';
import { testSite } from '../../testing/site.ts';
import { containerTarget } from '../container-target.ts';

export const KEY = 'planted-account-key-5f2a9c';
const engine: Engine = { ...containerEngine, container: { apiKey: { env: 'ENGINE_KEY' } } };
export const target = containerTarget({ engines: [engine] });

/** What is waited for passes in no time; programs take theirs. */
function quick(io: Io, fake: FakeVast): Io {
  const { clock } = fake.server;
  return {
    ...io,
    now: () => clock.now(),
    monotonic: () => clock.now(),
    sleep: async (ms, signal) => {
      clock.advance(ms);
      await io.sleep(Math.min(ms, 10), signal);
    },
  };
}

/** An account of a fake, and a container on it that is about to be rented. */
export async function vastAccount(o: { fake?: FakeVastOptions; markets?: Wanted['markets']; mode?: string } = {}) {
  const { markets = ['on-demand'], mode = 'good' } = o;
  const fake = await startFakeVast({ keys: [KEY], containers: processContainers({ [ENGINE_IMAGE]: [process.execPath] }), ...o.fake });
  const dir = await mkdtemp(join(tmpdir(), 'bench-vast-'));
  const lines: string[] = [];
  const real = createIo({
    env: { VAST_API_KEY: KEY, VAST_URL: fake.server.url },
    logger: { log: (...entry) => void lines.push(JSON.stringify(entry)) },
  });
  const io = quick(real, fake);
  const ledger = await openLedger({ dir: join(dir, 'ledger'), io });
  const providers = await openProviders({ factories: [vast()], settings: {}, io });
  const rented: RentEvent[] = [];
  const context = { ledger, providers, io, run: 'r0test', runDir: dir, on: (event: RentEvent) => void rented.push(event) };
  const rentals: Rentals = {
    rent: (workload, { secrets, signal }) =>
      acquire(
        {
          gpu: 'RTX4090',
          count: 1,
          providers: null,
          regions: [],
          markets,
          maxPriceUsdPerHour: 1,
          allowUnknownPrice: false,
          diskGb: 50,
          image: null,
          maxLifetimeS: 3600,
          bidUsdPerHour: null,
          workload,
          criteria: {},
        },
        { ...context, secrets, ...(signal ? { signal } : {}) },
      ),
    adopt: (name) => adoptRented(name, context),
  };
  const yaml = `model: {huggingface: org/m}\nengine: {llm: {contained: {mode: ${mode}}}}\n`;
  const task = expandRecipe(parseRecipe(yaml, { file: '/r', dir: tmpdir(), name: 'r' }, { engines: [engine] }))[0] as Task;
  const { record } = target.plan(task, testSite({ deploymentDir: join(dir, 'd1'), hostDir: '/x' }));
  const events: DeployEvent[] = [];
  const deploy = { io, rentals, on: (event: DeployEvent) => void events.push(event) };
  const close = async () => {
    await fake.close();
    await ledger.close();
  };
  return { close, fake, dir, lines, ledger, rented, deploy, start: () => target.start({ record, task }, deploy) };
}
