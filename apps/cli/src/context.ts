import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError, createIo, EXIT, type Io } from '@bench/core';
import { connect, hostConnector } from '@bench/host';
import { type Screen, terminalAsk } from './ask.ts';
import type { Asked } from './asked.ts';
import { readerLeft, workBegins } from './reader-gone.ts';
import { pluginHost } from './plugins/host-target.ts';
import type { HostFactory } from './plugins/plugin.ts';
import { styles } from './ui/style.ts';

const ECHO_MS = 300;
/** A ledger that cannot be read by then is not waited for. */
const SOON_MS = 3000;
/** Clean-up that has not ended by then will not. */
const CLEAN_UP_MS = 10 * 60_000;

/** How hosts are reached, and what a stop means. */
export interface HostAccess {
  ssh?: Asked['ssh'];
  /** File of host keys that were accepted once, of a run that there is. Default: a new one, gone with the command. */
  knownHosts?: string | undefined;
  /** Said at the first Ctrl-C. Default: that what is done is kept. Null: nothing, for a command that only shows. */
  stopText?: string | null;
  /** Nobody is asked for a password, and no new host key is taken. */
  quiet?: true | undefined;
  /** Kinds of hosts that plugins bring, by scheme. */
  hosts?: Readonly<Record<string, HostFactory>> | undefined;
}

export interface CliContext {
  io: Io;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  /** File for host keys that are accepted. */
  knownHosts(): string;
  /** Reaches hosts in another way than this command's own: as a run did. */
  connectAs(way: Pick<HostAccess, 'ssh' | 'knownHosts'>): Io['connect'];
  /** What is drawing on the terminal, so that questions can be asked. */
  screen: Screen | null;
  /** Told when bench is made to end at once: what may be left up, and the command that ends it. Null: nothing outlives bench. */
  leaves: string | null;
  /** Says it as it is by then, in place of `leaves`, where that can be found out in a moment; its null: nothing is left. */
  leavesNow: (() => Promise<string | null>) | null;
  /** Everything is done, and there are only results to show: who reads them may go away at any time. */
  workEnds(): void;
  /** Stops listening to signals. */
  dispose(): void;
}

/**
 * The real world for one command. The first Ctrl-C (or TERM) asks it to stop cleanly, the second ends it at once, and so does a clean-up
 * that takes too long.
 */
export function openContext(access: HostAccess = {}): CliContext {
  const stop = new AbortController();
  const { stopText = 'what is done is kept; again ends at once' } = access;
  const workEnds = stopText === null ? () => undefined : workBegins();
  // Everything that goes on at once listens to it.
  setMaxListeners(0, stop.signal);
  let last: { name: NodeJS.Signals; at: number } | null = null;
  let overdue: ReturnType<typeof setTimeout> | undefined;
  let ending = false;
  const endAtOnce = async () => {
    const { leaves: usual, leavesNow, screen } = context;
    // A third one waits for nothing.
    const ask = ending ? null : leavesNow;
    ending = true;
    const leaves = ask === null ? usual : await soon(ask(), usual);
    screen?.pause();
    if (leaves !== null) process.stderr.write(`\n${styles(process.stderr).red('not everything was taken down:')} ${leaves}\n`);
    process.exit(leaves === null ? EXIT.interrupted : EXIT.cleanupIncomplete);
  };
  const onSignal = (name: NodeJS.Signals) => {
    // A wrapper that passes Ctrl-C on delivers it twice: the same signal at once is the same wish.
    if (last && last.name === name && performance.now() - last.at < ECHO_MS) return;
    const again = last !== null;
    last = { name, at: performance.now() };
    if (again) return void endAtOnce();
    context.screen?.pause();
    if (stopText !== null && !readerLeft()) process.stderr.write(`\n${styles(process.stderr).yellow('stopping')}: ${stopText}\n`);
    context.screen?.resume();
    overdue = setTimeout(() => void endAtOnce(), CLEAN_UP_MS);
    overdue.unref();
    stop.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  const verbose = Boolean(process.env['BENCH_DEBUG']);
  const ask = access.quiet ? undefined : terminalAsk({ signal: stop.signal, screen: () => context.screen });
  let keys: { file: string; remove: () => void } | undefined;
  const knownHosts = () => access.knownHosts ?? (keys ??= temporaryKeys()).file;
  const connectAs = (way: Pick<HostAccess, 'ssh' | 'knownHosts'>): Io['connect'] => {
    let connector: ReturnType<typeof hostConnector> | undefined;
    return (target) => {
      if (target === 'local') return connect(target);
      const foreign = pluginHost(target, access.hosts ?? {});
      if (foreign) return foreign.open(foreign.target, { io });
      connector ??= hostConnector({ io: () => io, ...way.ssh, runFile: way.knownHosts ?? knownHosts(), ...(ask ? { ask } : {}) });
      return connector(target);
    };
  };
  const io: Io = createIo({
    signal: stop.signal,
    connect: connectAs(access),
    logger: {
      log: (level, message) => {
        if (level !== 'warn' && level !== 'error' && !verbose) return;
        context.screen?.pause();
        process.stderr.write(`${level}: ${message}\n`);
        context.screen?.resume();
      },
    },
  });
  const context: CliContext = {
    io,
    signal: stop.signal,
    knownHosts,
    connectAs,
    screen: null,
    leaves: null,
    leavesNow: null,
    workEnds,
    dispose: () => {
      workEnds();
      clearTimeout(overdue);
      keys?.remove();
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
    },
  };
  return context;
}

/** What is said in time, or the other. */
async function soon<T>(words: Promise<T>, otherwise: T): Promise<T> {
  const late = new AbortController();
  const never = delay(SOON_MS, otherwise, { signal: late.signal }).catch(() => otherwise);
  return Promise.race([words.catch(() => otherwise), never]).finally(() => late.abort());
}

/** A folder of our own: nobody else can put keys there. */
function temporaryKeys(): { file: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const remove = () => {
    process.off('exit', remove);
    rmSync(dir, { recursive: true, force: true });
  };
  process.on('exit', remove);
  return { file: join(dir, 'known_hosts'), remove };
}

/** Runs a command with a context and gives it back afterwards. */
export async function withContext<T>(action: (context: CliContext) => Promise<T>, access: HostAccess = {}): Promise<T> {
  const context = openContext(access);
  try {
    return await action(context);
  } catch (error) {
    // What goes wrong because everything was told to stop is the stop, not a fault.
    if (context.signal.aborted && !BenchError.is(error)) throw new DOMException('interrupted', 'AbortError');
    throw redacted(error, context.io.redact);
  } finally {
    context.dispose();
  }
}

/** The same error with its texts masked; what is not a BenchError is ours to find, and stays. */
function redacted(error: unknown, redact: (text: string) => string): unknown {
  if (!BenchError.is(error)) return error;
  const hint = error.hint === undefined ? undefined : redact(error.hint);
  return new BenchError({
    code: error.code,
    message: redact(error.message),
    hint,
    retryable: error.retryable,
    exitCode: error.exitCode,
    cause: error,
  });
}
