import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BenchError, EXIT, type Io, makeFolder, messageOf } from '@bench/core';
import type { MachineRef, MachineSpec } from '../contract/machine.ts';
import { machineName } from '../contract/name.ts';
import type { PriceSource } from '../contract/offer.ts';
import type { Holder, LedgerEntry } from './entry.ts';
import type { LedgerEvent } from './event.ts';
import { applyEvent, type Entries, type OwnedEntry } from './fold.ts';
import { heartbeat } from './heartbeat.ts';
import { thisProcess, type ProcessHolder } from './holder.ts';
import { type Computer, thisComputer } from './home.ts';
import { keyOf, settle } from './identity.ts';
import { isOver } from './is-over.ts';
import { makeLock } from './lock.ts';
import { type LedgerDamage, LogFile } from './log-file.ts';

/** This user's record of every machine that may cost money. */
export interface Ledger {
  readonly dir: string;
  /** Made once, random, 12 lower-case letters and digits; made anew where the ledger is found to be a copy of another computer's. */
  readonly owner: string;
  /** Key pair for rented machines; never the user's own. */
  readonly key: { publicKey: string; privateKeyPath: string };
  /** This process, as a holder. */
  readonly self: ProcessHolder;
  /** Known host keys of one machine. */
  knownHostsFile(name: string): string;
  /** Every machine of this owner, oldest first. */
  entries(): Promise<OwnedEntry[]>;
  /** Machines of other owners, oldest first: those of the computer that the ledger was copied from, as they were then. */
  others(): Promise<OwnedEntry[]>;
  /** One machine, whoever owns it; null: the ledger does not know it. */
  entry(name: string): Promise<OwnedEntry | null>;
  /** Lines of `ledger.jsonl` that could not be read; the rest counts all the same. */
  damage(): Promise<readonly LedgerDamage[]>;
  /**
   * On disk when it resolves. The name is the next free one of the run.
   * @param o.account whose money it will be; default: nobody can say
   * @param o.nativeTtl the provider ends the machine when `expiresAt` of the spec has come; default false
   * @throws BenchError `BENCH_LEDGER_FULL`, `BENCH_LEDGER_WRITE` (exit code 3): nothing may be rented then
   */
  intent(o: {
    spec: (name: string) => MachineSpec;
    runDir: string | null;
    account?: string | null;
    nativeTtl?: boolean;
  }): Promise<{ entry: LedgerEntry; spec: MachineSpec }>;
  created(name: string, ref: MachineRef): Promise<void>;
  /** It was seen running. */
  running(name: string): Promise<void>;
  /** What the machine itself says that it costs. */
  price(name: string, priceUsdPerHour: number, priceSource: PriceSource): Promise<void>;
  unknown(name: string, note: string): Promise<void>;
  refused(name: string, note: string): Promise<void>;
  ending(name: string, note: string): Promise<void>;
  gone(name: string): Promise<void>;
  hold(name: string, holder: Holder): Promise<void>;
  /**
   * This process holds it from now on, if it is still held by `from` and neither gone nor refused. Of several that try, one is answered true.
   */
  takeOver(name: string, from: Holder): Promise<boolean>;
  /** Waits until all is written. The machines stay as they are; this process gives no sign of life any more. */
  close(): Promise<void>;
}

/**
 * Opens, and makes at first use, the ledger of a state folder (0700): `ledger.jsonl`, `owner`, `home`, `id_ed25519` and `.pub`, `known-hosts/`,
 * `heartbeats/`, `lock/`, and a `reserve` of 64 KiB for what must be written when the disk is full. Any number of processes may have it open.
 * The folder is what makes machines yours: a lost one cannot be made again, and its machines are then found only by `bench gc` on another
 * ledger as somebody else's. A copy of it on another computer is that one's own: it gets a new owner there, and what it holds is another's
 * (`others`), which is told once.
 * @throws BenchError `BENCH_LEDGER_FULL`, `BENCH_LEDGER_WRITE`, `BENCH_LEDGER_DAMAGED` (exit code 3)
 */
export async function openLedger(options: {
  dir: string;
  io: Io;
  /** Who holds what is rented. Default: this process; tests stand for others. */
  self?: ProcessHolder;
  /** Default: this one; tests stand for others. */
  computer?: Computer;
}): Promise<Ledger> {
  const { dir, io, self = thisProcess() } = options;
  const entries: Entries = new Map();
  let former: string | null = null;
  const file = new LogFile({
    dir,
    io,
    onLine: (line) => {
      if (line.type === 'intent') former = line.owner;
      applyEvent(entries, line);
    },
    onReset: () => entries.clear(),
  });
  await prepare(dir);
  await file.prepare();
  await file.read();
  const { owner, copiedFrom } = await settle({ dir, io, computer: options.computer ?? (await thisComputer(dir)), former }).catch(
    cannotSettle,
  );
  if (copiedFrom !== null) tellCopy({ dir, io, owner, copiedFrom, entries });
  const key = await keyOf(dir, owner);
  const beat = heartbeat(dir, self.heartbeat ?? String(self.pid));
  /** Names of machines that this process holds. */
  const held = new Set<string>();

  const add = async (event: LedgerEvent): Promise<void> => {
    await file.append(() => [event], { essential: true });
  };
  const take = async (name: string): Promise<void> => {
    held.add(name);
    await beat.start();
  };
  const leave = async (name: string): Promise<void> => {
    if (held.delete(name) && held.size === 0) await beat.stop();
  };
  const copy = (entry: OwnedEntry): OwnedEntry => structuredClone(entry);

  return {
    dir,
    owner,
    key,
    self,
    knownHostsFile: (name) => join(dir, 'known-hosts', name),
    entries: async () => {
      await file.read();
      return [...entries.values()].filter((entry) => entry.owner === owner).map(copy);
    },
    others: async () => {
      await file.read();
      return [...entries.values()].filter((entry) => entry.owner !== owner).map(copy);
    },
    entry: async (name) => {
      await file.read();
      const entry = entries.get(name);
      return entry ? copy(entry) : null;
    },
    damage: async () => {
      await file.read();
      return [...file.damage];
    },
    intent: async ({ spec: specOf, runDir, account = null, nativeTtl = false }) => {
      await beat.start();
      let spec: MachineSpec | undefined;
      await file.append(
        () => {
          spec = specOf(freeName(entries, owner, specOf));
          return [intentOf({ spec, runDir, account, holder: self, expiresAt: nativeTtl ? spec.expiresAt : null })];
        },
        { essential: false },
      );
      const entry = spec && entries.get(spec.name);
      if (!spec || !entry) throw new BenchError({ code: 'BENCH_LEDGER_WRITE', message: `${file.path} lost what was written to it` });
      await take(spec.name);
      return { entry: copy(entry), spec };
    },
    created: (name, ref) => add({ type: 'created', name, ref }),
    running: (name) => add({ type: 'running', name }),
    price: (name, priceUsdPerHour, priceSource) => add({ type: 'price', name, priceUsdPerHour, priceSource }),
    unknown: (name, note) => add({ type: 'unknown', name, note: io.redact(note) }),
    refused: async (name, note) => {
      await add({ type: 'refused', name, note: io.redact(note) });
      await leave(name);
    },
    ending: (name, note) => add({ type: 'ending', name, note: io.redact(note) }),
    gone: async (name) => {
      await add({ type: 'gone', name });
      await leave(name);
    },
    hold: async (name, holder) => {
      const mine = holder.kind === 'process' && holder.heartbeat === self.heartbeat;
      if (mine) await take(name);
      await add({ type: 'hold', name, holder });
      if (!mine) await leave(name);
    },
    takeOver: async (name, from) => {
      let taken = false;
      await file.append(
        () => {
          const entry = entries.get(name);
          // Written again after a disk that was full, its own line may stand there already.
          const isStill = (holder: Holder) => isDeepStrictEqual(holder, from) || (taken && isDeepStrictEqual(holder, self));
          taken = entry !== undefined && !isOver(entry) && isStill(entry.holder);
          return taken ? [{ type: 'hold', name, holder: self }] : [];
        },
        { essential: true },
      );
      if (taken) await take(name);
      return taken;
    },
    close: async () => {
      await file.idle();
      await beat.stop();
    },
  };
}

async function prepare(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    await chmod(dir, 0o700);
    await makeLock(join(dir, 'lock'));
    await mkdir(join(dir, 'known-hosts'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new BenchError({
      code: full ? 'BENCH_LEDGER_FULL' : 'BENCH_LEDGER_WRITE',
      message: full ? `the disk of the ledger ${dir} is full` : `cannot make the folder of the ledger ${dir}: ${messageOf(cause)}`,
      hint: 'no machine is rented that cannot be written down first',
      exitCode: EXIT.missingPart,
      cause,
    });
  }
}

/** A copy that cannot be given its own owner is of no use: with the other's it would end the other's machines. */
function cannotSettle(error: unknown): never {
  if (BenchError.is(error)) throw error;
  throw new BenchError({
    code: (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'BENCH_LEDGER_FULL' : 'BENCH_LEDGER_WRITE',
    message: `whose the ledger is could not be written down: ${messageOf(error)}`,
    hint: 'make room on that disk, and its folder writable for you',
    exitCode: EXIT.missingPart,
    cause: error,
  });
}

/** Told once, when it is found; `bench ledger` and `bench gc` go on showing them. */
function tellCopy(o: { dir: string; io: Io; owner: string; copiedFrom: string; entries: Entries }): void {
  const { dir, io, owner, copiedFrom, entries } = o;
  const left = [...entries.values()].filter((entry) => entry.owner !== owner && !isOver(entry));
  const names = left.map(({ name }) => name).join(', ');
  const machines =
    left.length === 0
      ? ''
      : `. Left to the other computer, and may cost money: ${names}. If that computer is gone for good, end them with: bench gc --owner ${copiedFrom}; or keep them: write ${copiedFrom} into ${join(dir, 'owner')}`;
  io.logger.log('warn', `the ledger ${dir} was copied from another computer, and has an owner of its own here: ${owner}${machines}`);
}

/** The next number of its run. */
function freeName(entries: Entries, owner: string, specOf: (name: string) => MachineSpec): string {
  const { run } = specOf(machineName({ owner, run: 'r', n: 0 }));
  let n = 0;
  while (entries.has(machineName({ owner, run, n }))) n += 1;
  return machineName({ owner, run, n });
}

function intentOf(o: {
  spec: MachineSpec;
  runDir: string | null;
  account: string | null;
  holder: Holder;
  expiresAt: string | null;
}): LedgerEvent {
  const { spec, runDir, account, holder, expiresAt } = o;
  const { id, instanceType, region, zone, gpu, provider, priceUsdPerHour, priceSource, storageUsdPerGbMonth, diskInPrice } = spec.offer;
  return {
    type: 'intent',
    name: spec.name,
    owner: spec.owner,
    provider,
    ...(account === null ? {} : { account }),
    run: spec.run,
    runDir,
    offer: { id, instanceType, region, zone, gpu, market: spec.market },
    workload: spec.workload.kind,
    priceUsdPerHour,
    priceSource,
    storageUsdPerGbMonth,
    ...(diskInPrice === undefined ? {} : { diskInPrice }),
    diskGb: spec.diskGb,
    holder,
    expiresAt,
  };
}
