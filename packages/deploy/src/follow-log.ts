import { messageOf, type Phases } from '@bench/core';
import type { Engine } from '@bench/recipe';
import type { TargetContext } from './contract.ts';
import { LogTail } from './log-tail.ts';

export interface LogFollower {
  readonly phases: Phases;
  readonly failure: { message: string; hint?: string | undefined } | null;
  /** Reads what there is by now. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

/** Reads the engine's log as it grows, for its load phases and for the reason when it fails. */
export function followLog(path: string, engine: Engine, context: TargetContext): LogFollower {
  const tail = new LogTail(path);
  const phases: Phases = [];
  const stop = new AbortController();
  const startedAt = context.io.monotonic();
  let failure: LogFollower['failure'] = null;
  let reading: Promise<void> = Promise.resolve();
  const read = () => (reading = reading.then(readOn));
  const readOn = async () => {
    const ended: { name: string; durationMs: number }[] = [];
    for (const line of await tail.next()) {
      await context.on({ type: 'log', line });
      const fact = engine.readLog?.(line);
      if (fact?.kind === 'phase') ended.push(fact.phase);
      else if (fact?.kind === 'failure') failure ??= { message: fact.message, hint: fact.hint };
    }
    // The log says how long, not when: what was read at once ended one after another, the last of it now.
    let end = context.io.monotonic() - startedAt;
    const placed = ended.reverse().map(({ name, durationMs }) => {
      end = Math.max(0, end - durationMs);
      return { name, startMs: end, durationMs, within: 'model_load' };
    });
    phases.push(...placed.reverse());
  };
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await read();
      await context.io.sleep(50, stop.signal).catch(() => undefined);
    }
    await read();
  })().catch((error: unknown) => context.io.logger.log('warn', `cannot read ${path}: ${messageOf(error)}`));
  return {
    phases,
    get failure() {
      return failure;
    },
    catchUp: read,
    stop: async () => {
      stop.abort();
      await loop;
    },
  };
}
