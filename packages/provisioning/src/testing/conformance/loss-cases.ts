import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from '@bench/core';
import { providerErrorKind } from '../../contract/error.ts';
import type { Machine, MachineRef } from '../../contract/machine.ts';
import { type CaseDraft, hooks } from './case.ts';
import { running } from './life-cases.ts';
import type { ConformanceOptions, Refusal } from './options.ts';
import { collect, kindOf, passing, thrownBy, until } from './ask.ts';
import { assertNothingLeft, end, reconcile } from './end.ts';
import type { Stage } from './stage.ts';

/** Kinds with which a create says that nothing was made. */
const NOTHING_MADE = new Set(['capacity', 'quota', 'auth', 'balance', 'request', 'rate-limit']);
/** A create that takes more calls than this is not the kind of create that returns at once. */
const MOST_CALLS = 60;

const LOST: Record<string, CaseDraft> = Object.fromEntries(
  (['reset', 'malformed', 'error'] as const).map((how): [string, CaseDraft] => [
    `create: an answer that was lost (${how}) is an unknown outcome, and the machine is found by its name`,
    {
      rents: true,
      lacks: hooks('loseAnswer'),
      body: async (stage) => {
        const spec = await stage.spec(0);
        await stage.hooks.loseAnswer?.(stage.world, how);
        const outcome = await attempt(() => stage.create(spec));
        if (outcome.machine === null) assertUnknown(outcome.error);
        else assert.ok(stage.capabilities.idempotentCreate, `create() says that it worked, although its answer was lost`);
        const found = await reconcile(stage, spec.name);
        assert.ok(found !== null, 'find() does not see the machine whose create was acted upon');
        await assertNothingLeft(stage);
      },
    },
  ]),
);

async function attempt(create: () => Promise<Machine>): Promise<{ machine: Machine; error: null } | { machine: null; error: unknown }> {
  try {
    return { machine: await create(), error: null };
  } catch (error) {
    return { machine: null, error };
  }
}

function assertUnknown(error: unknown): void {
  assert.equal(kindOf(error), 'unknown-outcome', 'the kind of error of a create whose answer was lost');
}

const REFUSALS: Record<string, CaseDraft> = Object.fromEntries(
  (['capacity', 'quota', 'balance', 'request', 'rate-limit'] as const).map((kind): [string, CaseDraft] => [
    `create: refused (${kind}) has its kind and scope, and nothing is left`,
    {
      rents: true,
      lacks: ({ hooks: given }: ConformanceOptions) => (given?.refuse?.[kind] === undefined ? `needs the hook refuse.${kind}` : null),
      body: (stage) => refused(stage, kind),
    },
  ]),
);

async function refused(stage: Stage, kind: Refusal): Promise<void> {
  const spec = await stage.spec(0);
  await stage.hooks.refuse?.[kind]?.(stage.world);
  const outcome = await attempt(() => stage.create(spec));
  const scoped = ['capacity', 'quota', 'auth', 'balance'].includes(kind);
  const { machine: promised, error } = outcome;
  if (promised === null) {
    assert.equal(kindOf(error), kind, `the kind of error of a create that was refused: ${BenchError.is(error) ? error.message : ''}`);
    assert.ok(BenchError.is(error));
    if (scoped) assert.ok(error.scope !== undefined, 'the error has no scope');
    assert.equal(error.details?.['provider'], stage.options.factory.name, 'details.provider');
    const ref = error.details?.['ref'] as MachineRef | undefined;
    if (ref !== undefined) await end(stage, ref);
  } else {
    // Some say so later: a create that is only a promise.
    const failed = await until(
      stage,
      'the create that was promised fails',
      stage.deadlines.pendingMs + stage.deadlines.provisioningMs,
      async () => {
        const machine = (await passing(() => stage.provider.observe([promised.ref])))?.get(promised.ref.id);
        assert.notEqual(machine, null, 'a machine whose create failed is gone before it said why');
        assert.notEqual(machine?.state, 'running', 'the create was not refused: the machine runs');
        return machine?.state === 'failed' ? machine : undefined;
      },
    );
    assert.equal(failed.failure?.kind, kind, 'failure.kind');
    if (scoped) assert.ok(failed.failure?.scope !== undefined, 'failure.scope is missing');
    await end(stage, promised.ref);
  }
  await assertNothingLeft(stage);
}

export const LOSS_CASES: Record<string, CaseDraft> = {
  ...LOST,
  'create: an answer that never ends is an unknown outcome once it is not waited for, and the machine is found by its name': {
    rents: true,
    lacks: hooks('endlessAnswer', 'alive'),
    body: async (stage) => {
      const spec = await stage.spec(0);
      await stage.hooks.endlessAnswer?.(stage.world);
      const enough = new AbortController();
      const outcome = attempt(() => stage.create(spec, enough.signal));
      let over = false;
      void outcome.then(() => (over = true));
      // Real time: the answer is on its way through a real connection.
      for (let looks = 0; looks < 1200 && !over && !(await stage.hooks.alive?.(stage.world))?.includes(spec.name); looks++) await delay(25);
      assert.ok(!over, 'create() ended before its answer did');
      enough.abort(new Error('enough'));
      const { machine, error } = await outcome;
      assert.equal(machine, null, 'create() says that it worked, although its answer never ended');
      if (!stage.capabilities.idempotentCreate) assertUnknown(error);
      assert.ok((await reconcile(stage, spec.name)) !== null, 'find() does not see the machine whose create was acted upon');
      await assertNothingLeft(stage);
    },
  },

  'create: a request that was lost is an unknown outcome, and nothing is found': {
    rents: true,
    lacks: hooks('loseRequest'),
    body: async (stage) => {
      const spec = await stage.spec(0);
      await stage.hooks.loseRequest?.(stage.world);
      const outcome = await attempt(() => stage.create(spec));
      if (outcome.machine === null) {
        assertUnknown(outcome.error);
        assert.equal(await reconcile(stage, spec.name), null, 'find() sees a machine that was never made');
      } else {
        assert.ok(stage.capabilities.idempotentCreate, 'create() was sent again although nobody knew whether the provider had acted');
        await end(stage, outcome.machine.ref);
      }
      await assertNothingLeft(stage);
    },
  },

  ...REFUSALS,

  'create: aborted before it began makes nothing': {
    rents: true,
    body: async (stage) => {
      const spec = await stage.spec(0);
      const before = stage.witness.sent.length;
      await thrownBy('create() with a signal that was aborted', () => stage.create(spec, AbortSignal.abort(new Error('enough'))));
      assert.equal(stage.witness.sent.length, before, 'create() sends requests although it was aborted before');
      assert.equal(await reconcile(stage, spec.name), null, 'a machine was made');
    },
  },

  'create: aborted at every await, nothing is left after a look by name': {
    rents: true,
    body: async (stage) => {
      for (let point = 0; ; point++) {
        assert.ok(point < 2 * MOST_CALLS, 'create() makes too many calls to return at once');
        const spec = await stage.spec(point);
        const reached = await abortedAt(stage, point, spec);
        await reconcile(stage, spec.name);
        if (!reached) break;
      }
      await assertNothingLeft(stage);
    },
  },

  'outage: a machine is not gone because the provider does not answer': {
    rents: true,
    lacks: hooks('breakDown'),
    body: async (stage) => {
      const { provider, owner } = stage;
      const spec = await stage.spec(0);
      const { ref } = await stage.create(spec);
      await stage.io.sleep(stage.capabilities.visibleWithinMs);
      const mend = await stage.hooks.breakDown?.(stage.world);
      try {
        const seen = await passing(() => provider.observe([ref]));
        assert.notEqual(seen?.get(ref.id), null, 'observe() says gone during an outage');
        assert.notEqual(await passing(() => provider.terminate(ref)), 'gone', 'terminate() says gone during an outage');
        const found = await passing(() => provider.find(spec.name));
        assert.notEqual(found, null, 'find() says that there is no such machine during an outage');
        const listed = await passing(() => collect(provider.owned({ owner })));
        assert.ok(listed === undefined || listed.length > 0, 'owned() says that there is nothing during an outage');
      } finally {
        await mend?.();
      }
      const back = (await provider.observe([ref])).get(ref.id);
      assert.equal(back?.ref.name, spec.name, 'observe() after an outage');
      await end(stage, ref);
      await assertNothingLeft(stage);
    },
  },

  'revoked: a machine is not gone because the credentials are refused': {
    rents: true,
    // Its machine cannot be ended any more: only where the world goes away with it.
    lacks: (options) =>
      hooks('revoke')(options) ?? (options.prepare === undefined ? 'needs prepare, whose world can be thrown away' : null),
    body: async (stage) => {
      const { provider } = stage;
      const spec = await stage.spec(0);
      const { ref } = await stage.create(spec);
      await stage.io.sleep(stage.capabilities.visibleWithinMs);
      await stage.hooks.revoke?.(stage.world);
      const seen = await provider
        .observe([ref])
        .catch(
          (error: unknown) => (assert.equal(kindOf(error), 'auth', 'the kind of error of observe()'), new Map<string, Machine | null>()),
        );
      assert.notEqual(seen.get(ref.id), null, 'observe() says gone because the credentials are refused');
      assert.equal(
        kindOf(await thrownBy('find() with refused credentials', () => provider.find(spec.name))),
        'auth',
        'the kind of error of find()',
      );
      assert.equal(
        kindOf(await thrownBy('terminate() with refused credentials', () => provider.terminate(ref))),
        'auth',
        'the kind of error of terminate()',
      );
      const error = await thrownBy('create() with refused credentials', async () =>
        stage.create({ ...spec, name: spec.name.replace(/0$/, '1') }),
      );
      assert.equal(kindOf(error), 'auth', 'the kind of error of create()');
    },
  },
};

/** Creates, and aborts when so many moments of its calls have passed: an even one before a request leaves, an odd one after its answer came. */
async function abortedAt(stage: Stage, point: number, spec: Awaited<ReturnType<Stage['spec']>>): Promise<boolean> {
  const controller = new AbortController();
  let moments = 0;
  stage.witness.onCall = () => {
    if (moments++ === point) controller.abort(new Error(`aborted at moment ${point}`));
  };
  const first = stage.witness.sent.length;
  try {
    await stage.create(spec, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    const kind = providerErrorKind(error);
    const changed = stage.witness.sent.slice(first).some(({ method }) => method !== 'GET');
    // Only with requests that change something can a machine have been made.
    assert.ok(
      kind === null || !changed || !NOTHING_MADE.has(kind),
      `an abort is said to be "${kind ?? ''}", which means that nothing was made`,
    );
  } finally {
    stage.witness.onCall = null;
  }
  return controller.signal.aborted;
}

/** A life under a misbehaviour: it goes well, or it fails as the contract says; in the end nothing is left. */
export async function hardLife(stage: Stage, misbehaviour: string): Promise<void> {
  await stage.hooks.misbehave?.(stage.world, misbehaviour);
  let up = false;
  for (let n = 0; n < 8 && !up; n++) {
    const offers = (await passing(() => stage.offers())) ?? [];
    const offer = offers.filter(({ availability }) => ['available', 'low', 'unknown'].includes(availability))[
      n % Math.max(1, offers.length)
    ];
    if (offer === undefined) continue;
    const spec = await stage.spec(n, { offer });
    let ref: MachineRef | null = null;
    try {
      ref = (await stage.create(spec)).ref;
    } catch (error) {
      const kind = kindOf(error);
      ref = (error as BenchError).details?.['ref'] as MachineRef | null;
      if (!NOTHING_MADE.has(kind)) await reconcile(stage, spec.name);
    }
    if (ref === null || ref === undefined) continue;
    const machine = ref;
    try {
      await running(stage, spec, machine);
      up = true;
    } catch (error) {
      // It may fail, be sold out, or be taken away; it may not hang around.
      if (!(error instanceof Error) || !/^it failed|^not within/.test(error.message)) throw error;
    }
    await end(stage, machine);
  }
  assert.ok(up, `with "${misbehaviour}", none of eight machines came up`);
  await assertNothingLeft(stage);
}
