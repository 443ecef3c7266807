import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, formatDuration, type Host, type Io } from '@bench/core';
import { sshHost } from '@bench/host';
import { providerError } from '../contract/error.ts';
import type { Machine } from '../contract/machine.ts';
import type { Deadlines } from '../contract/provider.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What a machine that has just started says before its sshd, its key and its host keys are in place. */
const PASSES = new Set(['REFUSED', 'TIMEOUT', 'LOST', 'AUTH', 'HANDSHAKE', 'SESSION'].map((kind) => `BENCH_SSH_${kind}`));
const CONNECT_MS = 10_000;
const FIRST_COMMAND_MS = 30_000;

/**
 * Opens a machine by SSH with the ledger's key alone: no agent, no configuration and no keys of the user. Tries until it lets us in.
 * @throws BenchError `BENCH_PROVIDER_FAILED` when it does not within `sshMs`; a changed host key of a machine that let us in before; the
 *   signal's reason
 */
export async function connectMachine(o: {
  machine: Machine;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  deadlines: Deadlines;
  signal: AbortSignal;
}): Promise<Host> {
  const { machine, ledger, io, deadlines, signal } = o;
  const { ref, connection } = machine;
  if (connection === null) {
    throw providerError({ kind: 'unsupported', provider: ref.provider, op: 'ssh', message: `${ref.name} is not reached by SSH` });
  }
  const file = ledger.knownHostsFile(ref.name);
  const address = connection.host.includes(':') ? `[${connection.host}]` : connection.host;
  const target = `${connection.user}@${address}:${connection.port}`;
  const knownBefore = (await readFile(file, 'utf8').catch(() => '')) !== '';
  const started = io.monotonic();
  for (;;) {
    signal.throwIfAborted();
    const host = await sshHost(target, {
      io,
      name: ref.name,
      transport: 'ssh2',
      identities: [ledger.key.privateKeyPath],
      hostKeys: { kind: 'machine', id: ref.name, file },
      configFile: '/dev/null',
      // There are no keys of the user's in here.
      home: join(ledger.dir, 'known-hosts'),
      agentSocket: null,
      connectTimeoutMs: CONNECT_MS,
    });
    try {
      const { timedOut } = await host.exec({ argv: ['true'] }, { signal, timeoutMs: FIRST_COMMAND_MS });
      if (!timedOut) return host;
      throw new BenchError({ code: 'BENCH_SSH_TIMEOUT', message: `no command ended within ${formatDuration(FIRST_COMMAND_MS)}` });
    } catch (error) {
      await host.close().catch(() => undefined);
      signal.throwIfAborted();
      const code = BenchError.is(error) ? error.code : '';
      // Before its first login a machine may make its host keys anew (cloud-init does).
      const renewed = code === 'BENCH_SSH_HOST_KEY' && !knownBefore;
      if (renewed) await rm(file, { force: true });
      if (!renewed && !PASSES.has(code)) throw error;
      if (io.monotonic() - started > deadlines.sshMs) {
        const { message, hint } = error as BenchError;
        throw providerError({
          kind: 'failed',
          provider: ref.provider,
          op: 'ssh',
          message: `${ref.name} did not let us in within ${formatDuration(deadlines.sshMs)}: ${message}`,
          hint,
          cause: error,
        });
      }
      await io.sleep(deadlines.pollMs * (0.8 + io.random() * 0.4), signal);
    }
  }
}
