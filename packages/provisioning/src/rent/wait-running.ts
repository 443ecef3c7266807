import { BenchError, formatDuration, type Io } from '@bench/core';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { Machine, Workload } from '../contract/machine.ts';
import type { Market } from '../contract/offer.ts';
import { deadlinesOf } from '../core/deadlines.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import { pollerOf } from './poller.ts';

/** Errors that do not pass by waiting; so many in a row end it. */
const LASTING = new Set<string | null>(['auth', 'balance', 'request', 'unsupported']);
const LASTING_LOOKS = 3;

/**
 * Looks at a machine until it runs and can be reached as its workload needs: by SSH, or at all published ports.
 * @param o.invisibleUntilMs until then on `io.monotonic`, not seeing it means nothing; null: it was seen
 * @throws BenchError of kind `failed` or `preempted`; the provider's own error; the signal's reason
 */
export async function waitRunning(o: {
  machine: Machine;
  open: OpenProvider;
  io: Io;
  market: Market;
  ports: readonly number[] | null;
  invisibleUntilMs: number | null;
  signal: AbortSignal;
  onState: (machine: Machine) => void;
  /** Whenever its provider shows it. */
  onSeen?: () => void;
}): Promise<Machine> {
  const { open, io, market, signal, onState } = o;
  const deadlines = deadlinesOf(open.factory, market);
  const poller = pollerOf(open.provider, io);
  let { machine, invisibleUntilMs } = o;
  let phase = machine.state === 'pending' ? 'pending' : 'provisioning';
  let sinceMs = io.monotonic();
  /** While it could not be looked at, which is not the machine's fault: as long again as the phase may take. */
  let blindMs = 0;
  let lasting = 0;
  let trouble: BenchError | null = null;
  let shown = '';
  for (;;) {
    const state = `${machine.state} ${machine.rawState} ${machine.stateReason ?? ''}`;
    if (state !== shown) onState(machine);
    shown = state;
    const error = failureOf(machine);
    if (error) throw error;
    if (isReady(machine, o.ports)) return machine;
    if (phase === 'pending' && machine.state !== 'pending' && machine.state !== 'unknown')
      [phase, sinceMs, blindMs] = ['provisioning', io.monotonic(), 0];
    const limitMs = phase === 'pending' ? deadlines.pendingMs : deadlines.provisioningMs;
    if (io.monotonic() - sinceMs - Math.min(blindMs, limitMs) > limitMs) throw late(machine, limitMs, trouble);
    const askedMs = io.monotonic();
    const look = await poller.look(machine.ref, deadlines.pollMs, signal);
    if (look.kind === 'seen') {
      ({ machine } = look);
      o.onSeen?.();
      [invisibleUntilMs, lasting, trouble] = [null, 0, null];
    } else if (look.kind === 'gone') {
      if (invisibleUntilMs === null || io.monotonic() >= invisibleUntilMs) throw failed(machine, 'it disappeared while it was starting');
    } else {
      trouble = BenchError.is(look.error) ? look.error : trouble;
      blindMs += io.monotonic() - askedMs;
      lasting = LASTING.has(providerErrorKind(look.error)) ? lasting + 1 : 0;
      if (lasting >= LASTING_LOOKS && trouble) throw trouble;
    }
  }
}

/** How a machine that should run or start has ended; null: it has not. */
export function failureOf(machine: Machine): BenchError | null {
  const words = machine.failure?.message ?? machine.stateReason ?? `it is ${machine.rawState}`;
  if (machine.preempted) {
    const { provider } = machine.ref;
    return providerError({
      kind: 'preempted',
      provider,
      op: 'observe',
      message: `${machine.ref.name} was taken away: ${words}`,
      scope: 'offer',
    });
  }
  if (!['failed', 'stopping', 'stopped', 'terminated'].includes(machine.state)) return null;
  const { failure, ref } = machine;
  if (failure?.kind === undefined) return failed(machine, words);
  // A create that was only a promise fails as the create would have; what was made (a container) may as well have ended by itself.
  return providerError({
    kind: failure.kind,
    scope: failure.scope,
    hint: failure.hint,
    provider: ref.provider,
    op: failure.kind === 'failed' ? 'observe' : 'create',
    message: failure.kind === 'failed' ? `${ref.name} ended` : `${ref.name} was not made`,
    providerMessage: `${failure.code}: ${failure.message}`,
  });
}

/** @param ports that a container must publish; null: whatever it publishes */
function isReady(machine: Machine, ports: readonly number[] | null): boolean {
  if (machine.state !== 'running') return false;
  if (machine.workload === 'vm') return machine.connection !== null;
  if (machine.workload === 'batch') return true;
  const isPublished = (port: number) => machine.published.some((published) => published.port === port);
  return ports === null ? machine.published.length > 0 || machine.connection !== null : ports.every(isPublished);
}

/** Ports that a workload publishes; empty for what has none. */
export const portsOf = (workload: Workload): readonly number[] => (workload.kind === 'container' ? workload.ports : []);

function failed(machine: Machine, words: string): BenchError {
  const { provider, name } = machine.ref;
  return providerError({ kind: 'failed', provider, op: 'observe', message: `${name} did not come up: ${words}` });
}

function late(machine: Machine, limitMs: number, trouble: BenchError | null): BenchError {
  const where = machine.state === 'running' ? 'running, but not to be reached' : machine.rawState;
  const last = trouble === null ? '' : `; ${trouble.message}`;
  return failed(machine, `after ${formatDuration(limitMs)} it is still ${where}${last}`);
}
