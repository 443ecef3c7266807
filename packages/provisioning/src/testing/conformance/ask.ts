import assert from 'node:assert/strict';
import { messageOf } from '@bench/core';
import { providerErrorKind } from '../../contract/error.ts';
import type { Machine, MachineRef } from '../../contract/machine.ts';
import type { Stage } from './stage.ts';

/** Looks every now and then. */
export async function until<T>(stage: Stage, what: string, ms: number, look: () => Promise<T | undefined>): Promise<T> {
  const began = stage.io.monotonic();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (stage.io.monotonic() - began > ms) assert.fail(`not within ${Math.round(ms / 1000)} s: ${what}`);
    await stage.io.sleep(Math.min(stage.deadlines.pollMs, ms));
  }
}

/** What a call answers, asked again while it fails for a reason that passes, as the core asks again. */
export async function answered<T>(stage: Stage, what: string, call: () => Promise<T>): Promise<T> {
  const found = await until(stage, `${what} answers`, stage.deadlines.terminateMs, () => passing(async () => ({ value: await call() })));
  return found.value;
}

/** One machine; asked again while what is shown of it is "not known". */
export async function observed(stage: Stage, ref: MachineRef): Promise<Machine | null> {
  return until(stage, `observe() tells what is with ${ref.name}`, stage.deadlines.terminateMs, async () =>
    (await passing(() => stage.provider.observe([ref])))?.get(ref.id),
  );
}

/** Undefined instead of a fault that passes. */
export async function passing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const kind = providerErrorKind(error);
    if (kind === 'transient' || kind === 'rate-limit' || kind === 'unknown-outcome') return undefined;
    throw error;
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a call throws. */
export async function thrownBy(what: string, call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail(`${what} did not throw`);
}

/** The kind of what a call throws, which must be an error of the contract. */
export function kindOf(error: unknown): string {
  const kind = providerErrorKind(error);
  assert.ok(kind !== null, `not made by providerError(): ${messageOf(error)}`);
  return kind;
}
