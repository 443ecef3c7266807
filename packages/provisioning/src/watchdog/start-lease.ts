import { BenchError, bootId, EXIT, machineId, messageOf, type Host, type Io, type RemoteProcess } from '@bench/core';
import { requestFiles, type SelfDestruct } from './request-files.ts';
import { INSTALL, REMOVE } from './restart-scripts.ts';
import { PREPARE, RENEW, WATCH } from './scripts.ts';

export interface LeaseOptions {
  /** Name of the machine, for messages. */
  name: string;
  /** The machine ends itself when nobody has renewed for so long. Default 1 800. */
  leaseS?: number;
  /**
   * On `io.monotonic`: how long the machine may live. No renewal reaches past it, and there is none after it. Default null: nobody said.
   */
  endsAtMs?: number | null;
  /** The request that ends it for good; null: none is known here, and one that the machine has from an earlier lease stays. */
  selfDestruct: SelfDestruct | null;
  io: Io;
  /** Ends the renewing; the watch in the machine goes on. Default: `io.signal`. */
  signal?: AbortSignal;
  /** A renewal that failed; the next one is tried all the same. Default: a warning in the log. */
  onError?: (error: BenchError) => void;
  /** Folder in the machine. Default `~/.local/state/bench/lease`. */
  dir?: string;
  /** Between two tries to end the machine. Default 60. */
  retryS?: number;
  /** `/etc/machine-id` of the machine that must never be ended. Default: this one's. Null: it has none. */
  ownMachineId?: string | null;
  /** Folder of the machine that stands for `/` where its system is told to start the watch at every boot; for tests. */
  systemRoot?: string;
}

/** A watch in a machine, renewed from here. */
export interface Lease {
  readonly leaseS: number;
  /** What starts the watch again when the machine restarts, as root. Null: only the next renewal does. */
  readonly afterRestart: 'systemd' | 'cron' | null;
  /** When it was last renewed, on `io.monotonic`. */
  renewedAt(): number;
  /**
   * Renews now; also starts the watch again when it is gone. Never throws: false, and `onError`; false also when the machine's time is over.
   */
  renew(): Promise<boolean>;
  /** Renews one last time, for so long; nobody renews after it. For a machine that is left up on purpose. Never throws. */
  leave(seconds: number): Promise<boolean>;
  /** Ends the watch and the renewing. Idempotent. Never throws: a machine that does not answer any more is told to `onError`. */
  end(): Promise<void>;
}

/** One watch a machine: whoever holds the machine next takes it over. */
const PROCESS_ID = 'bench-lease';
const RENEWALS_A_LEASE = 6;
const CALL_MS = 60_000;

/**
 * Sets a watch in a rented machine: a script in a session of its own that ends the machine when nobody has renewed for `leaseS` by the machine's
 * own clocks. Renewed every sixth of that, and started again when the machine restarts, where systemd or cron does that and the user may tell
 * them. The request stands in files of mode 0600 in a folder of mode 0700, nowhere else.
 * @throws BenchError `BENCH_LEASE_LOCAL` for the machine that bench runs on, `BENCH_LEASE_FAILED` when it cannot be set
 */
export async function startLease(host: Host, options: LeaseOptions): Promise<Lease> {
  const { name, leaseS = 1800, endsAtMs = null, selfDestruct, io, signal = io.signal } = options;
  if (!Number.isInteger(leaseS) || leaseS < 1) throw new RangeError(`a lease of ${leaseS} s`);
  const onError =
    options.onError ?? ((error) => io.logger.log('warn', error.message, error.hint === undefined ? {} : { hint: error.hint }));
  const failed = (what: string, cause?: unknown): BenchError =>
    new BenchError({
      code: 'BENCH_LEASE_FAILED',
      message: `${name}: the lease could not be ${what}${cause === undefined ? '' : `: ${io.redact(messageOf(cause))}`}`,
      hint: `bench gc ends the machine if this one is lost`,
      exitCode: EXIT.missingPart,
      cause,
    });
  const run = async (what: string, script: string, args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await host.exec({ script, args }, { timeoutMs: CALL_MS, repeatable: true });
    if (code !== 0) throw failed(what, stderr.trim() || `exit ${String(code)}`);
    return stdout;
  };

  const dir = await prepare();
  for (const [file, content] of Object.entries(selfDestruct === null ? {} : requestFiles(selfDestruct))) {
    await host.write(`${dir}/${file}`, content, 0o600);
  }
  await host.write(`${dir}/pause`, `${options.retryS ?? 60}\n`, 0o600);
  // Before the watch: one that is there already may have had a shorter lease.
  await run('set', RENEW, [dir, String(Math.max(1, within(leaseS)))]);
  let watch = await start();
  const afterRestart = await install();
  let renewedAt = io.monotonic();

  const ended = new AbortController();
  const off = AbortSignal.any([ended.signal, signal]);
  let last: Promise<unknown> = Promise.resolve();
  /** One call after the other: two renewals at once would start two watches. */
  const inTurn = (what: string, wanted: number): Promise<boolean> => {
    const turn = last.then(async () => {
      const seconds = within(wanted);
      if (ended.signal.aborted || seconds < 1) return false;
      try {
        await run(what, RENEW, [dir, String(seconds)]);
        renewedAt = io.monotonic();
        if (!(await watch.status()).running) watch = await start();
        return true;
      } catch (error) {
        onError(BenchError.is(error) && error.code === 'BENCH_LEASE_FAILED' ? error : failed(what, error));
        return false;
      }
    });
    last = turn;
    return turn;
  };
  void keepRenewing();

  return {
    leaseS,
    afterRestart,
    renewedAt: () => renewedAt,
    renew: () => inTurn('renewed', leaseS),
    async leave(seconds) {
      const left = await inTurn('left', Math.ceil(seconds));
      ended.abort();
      return left;
    },
    async end() {
      ended.abort();
      await last;
      try {
        await watch.discard();
        await run('ended', REMOVE, [dir, options.systemRoot ?? '']);
      } catch (error) {
        onError(failed('ended', error));
      }
    },
  };

  async function prepare(): Promise<string> {
    const lines = (await run('set', PREPARE, [options.dir ?? ''])).replace(/\n$/, '').split('\n');
    const id = lines.shift();
    const own = options.ownMachineId === undefined ? machineId() : options.ownMachineId;
    if (host.kind === 'local' || (own !== null && id === own)) {
      throw new BenchError({
        code: 'BENCH_LEASE_LOCAL',
        message: `${name} is the machine that bench runs on: it is never ended`,
        exitCode: EXIT.missingPart,
      });
    }
    return lines.join('\n');
  }

  /** What is left of the machine's time at the most, seconds; 0: it is over. */
  function within(seconds: number): number {
    return endsAtMs === null ? seconds : Math.max(0, Math.min(seconds, Math.ceil((endsAtMs - io.monotonic()) / 1000)));
  }

  async function install(): Promise<Lease['afterRestart']> {
    const { systemRoot = '' } = options;
    const args = [dir, systemRoot === '' ? (bootId() ?? '') : '', systemRoot];
    // The watch runs: what this lacks is told by the answer.
    const how = await run('set', INSTALL, args).catch(() => '');
    return how === 'systemd\n' ? 'systemd' : how === 'cron\n' ? 'cron' : null;
  }

  async function start(): Promise<RemoteProcess> {
    const found = await host.attach(PROCESS_ID);
    if (found !== null) {
      if ((await found.status()).running) return found;
      await found.discard();
    }
    return host.start({ script: WATCH, args: [dir] }, { id: PROCESS_ID, signal });
  }

  async function keepRenewing(): Promise<void> {
    for (;;) {
      try {
        await io.sleep((leaseS * 1000) / RENEWALS_A_LEASE, off);
      } catch {
        return;
      }
      if (off.aborted) return;
      await inTurn('renewed', leaseS);
    }
  }
}
