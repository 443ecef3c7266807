import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, prng } from '@bench/core';
import { collectGarbage } from '../../gc/collect-garbage.ts';
import type { GcOptions, GcResult } from '../../gc/types.ts';
import { thisProcess, type ProcessHolder } from '../../ledger/holder.ts';
import { openLedger, type Ledger } from '../../ledger/ledger.ts';
import { PROVIDER_CALLS, type MemoryCloud, type MemoryCloudOptions, memoryCloud, opened } from './memory-cloud.ts';
import { simulation, type SimulatedProcess, type Simulation } from './simulation.ts';
import type { RentContext, RentEvent } from '../types.ts';

/** No process has so high a number. */
export const DEAD: ProcessHolder = { ...thisProcess(), pid: 2 ** 30, start: '1', heartbeat: 'dead' };

/** A folder for ledgers, clouds and the time they live in. */
export interface World {
  readonly time: Simulation;
  readonly clouds: MemoryCloud[];
  /** A cloud of its own name beside the others. */
  cloud(options?: Omit<MemoryCloudOptions, 'io'>): MemoryCloud;
  /** A ledger of the given user as a process has it; `self`: who that is (default: one that is dead when others look). */
  ledger(user?: string, self?: ProcessHolder): Promise<Ledger>;
  /** The ledger of a user as another computer has it, to which its folder was copied. */
  copied(user: string): Promise<Ledger>;
  /** All that acquire needs, for a process that can die. */
  context(process: SimulatedProcess, ledger: Ledger, more?: Partial<RentContext>): RentContext;
  gc(ledger: Ledger, more?: Partial<GcOptions>): Promise<GcResult>;
  readonly events: RentEvent[];
  close(): Promise<void>;
}

export async function world(seed = 1): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-rent-'));
  const random = prng(seed);
  const time = simulation(() => random.next());
  const clouds: MemoryCloud[] = [];
  const ledgers: Ledger[] = [];
  const events: RentEvent[] = [];
  // Its lock is of the real world, its stamps are not.
  const io = { ...createIo({ logger: { log: () => undefined } }), now: () => time.io.now() };
  return {
    time,
    clouds,
    events,
    cloud: (options = {}) => {
      const cloud = memoryCloud({ io: time.io, ...options });
      clouds.push(cloud);
      return cloud;
    },
    ledger: async (user = 'me', self = DEAD) => {
      const ledger = await time.real(() => openLedger({ dir: join(dir, user), io, self }));
      ledgers.push(ledger);
      return ledger;
    },
    copied: async (user) => {
      const folder = join(dir, `${user}-copied`);
      await cp(join(dir, user), folder, { recursive: true, preserveTimestamps: true });
      const computer = { machineId: 'another-computer', bootId: 'another-boot', sharesFolder: false };
      const ledger = await time.real(() => openLedger({ dir: folder, io, self: DEAD, computer }));
      ledgers.push(ledger);
      return ledger;
    },
    context: (process, ledger, more = {}) => ({
      ledger: process.ledger(ledger),
      providers: opened(clouds.map(({ factory, provider }) => ({ factory, provider: process.mortal(provider, PROVIDER_CALLS) }))),
      io: process.io,
      run: 'r123456789',
      runDir: null,
      on: (event) => void events.push(event),
      ...more,
    }),
    gc: (ledger, more = {}) => {
      const process = time.process();
      return collectGarbage({ ledger: process.ledger(ledger), providers: opened(clouds), io: process.io, ...more });
    },
    close: async () => {
      for (const ledger of ledgers) await ledger.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
