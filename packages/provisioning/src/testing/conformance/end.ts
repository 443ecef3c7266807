import assert from 'node:assert/strict';
import type { Machine, MachineRef } from '../../contract/machine.ts';
import { collect, passing, until } from './ask.ts';
import type { Stage } from './stage.ts';

/** Terminates until the provider says gone or shows nothing any more, as the core does; and not before a machine that was just made is visible. */
export async function end(stage: Stage, ref: MachineRef): Promise<void> {
  await until(stage, `${ref.name} is gone after terminate()`, stage.deadlines.terminateMs, async () => {
    const final = stage.io.monotonic() >= stage.visibleAt(ref.name);
    const said = await passing(() => stage.provider.terminate(ref));
    if (!final) return undefined;
    if (said === 'gone') return true;
    const seen = await passing(() => stage.provider.observe([ref]));
    const machine = seen?.get(ref.id);
    return machine === null || machine?.state === 'terminated' ? true : undefined;
  });
}

/** Looks for a name for as long as the provider says that a machine may be invisible, and ends what it finds, as the core does after a lost answer. */
export async function reconcile(stage: Stage, name: string): Promise<Machine | null> {
  const began = stage.io.monotonic();
  for (;;) {
    const machine = await passing(() => stage.provider.find(name));
    if (machine !== null && machine !== undefined) {
      await end(stage, machine.ref);
      return machine;
    }
    if (machine === null && stage.io.monotonic() - began > stage.capabilities.visibleWithinMs + stage.deadlines.pollMs) return null;
    assert.ok(
      stage.io.monotonic() - began < stage.capabilities.visibleWithinMs + stage.deadlines.terminateMs,
      `find() does not answer for ${name}`,
    );
    await stage.io.sleep(stage.deadlines.pollMs);
  }
}

/** Nothing of this owner is listed any more, and nothing costs money. */
export async function assertNothingLeft(stage: Stage): Promise<void> {
  const { owner, provider, hooks, world } = stage;
  await stage.io.sleep(stage.capabilities.visibleWithinMs);
  const listed = (
    await until(stage, 'owned() answers', stage.deadlines.terminateMs, () => passing(() => collect(provider.owned({ owner }))))
  ).map((machine) => `${machine.ref.name} (${machine.rawState})`);
  assert.deepEqual(listed, [], 'owned() lists machines although all were ended');
  const alive = (await hooks.alive?.(world)) ?? [];
  assert.deepEqual(
    alive.filter((name) => name.startsWith(`bench-${owner.slice(0, 6)}-`)),
    [],
    'machines are left that cost money',
  );
}
