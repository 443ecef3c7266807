import assert from 'node:assert/strict';
import { machineName } from '../../contract/name.ts';
import { type CaseDraft, hooks } from './case.ts';
import { seenAll } from './life-cases.ts';
import { answered, collect, until } from './ask.ts';
import { assertNothingLeft, end } from './end.ts';
import type { Stage } from './stage.ts';

const find = (stage: Stage, name: string) => answered(stage, 'find()', () => stage.provider.find(name));
const owned = (stage: Stage, filter: { owner?: string; run?: string }) =>
  answered(stage, 'owned()', () => collect(stage.provider.owned(filter)));

export const OWNED_CASES: Record<string, CaseDraft> = {
  'find: by the whole name, as soon as it is visible': {
    rents: true,
    body: async (stage) => {
      const spec = await stage.spec(11);
      assert.equal(await find(stage, spec.name), null, 'find() of a name that nobody has');
      const { ref } = await stage.create(spec);
      const found = await until(
        stage,
        'find() sees it',
        stage.capabilities.visibleWithinMs + stage.deadlines.pollMs,
        async () => (await find(stage, spec.name)) ?? undefined,
      );
      assert.deepEqual([found.ref.id, found.ref.name], [ref.id, ref.name], 'find() shows another machine');
      const shorter = machineName({ owner: stage.owner, run: stage.run, n: 1 });
      assert.equal(await find(stage, shorter), null, `find("${shorter}") takes "${spec.name}" for it`);
    },
  },

  "owned: by owner and by run, nobody else's": {
    rents: true,
    body: async (stage) => {
      const { owner, run } = stage;
      const { ref } = await stage.create(await stage.spec(0));
      const ids = async (filter: { owner?: string; run?: string }): Promise<string[]> =>
        (await owned(stage, filter)).map((machine) => machine.ref.id);
      await until(stage, 'owned() lists it', stage.capabilities.visibleWithinMs + stage.deadlines.pollMs, async () =>
        (await ids({ owner })).includes(ref.id) ? true : undefined,
      );
      assert.deepEqual(await ids({ owner, run }), [ref.id], 'owned() by owner and run');
      assert.deepEqual(await ids({ owner, run: `${run}x` }), [], 'owned() by another run');
      assert.deepEqual(await ids({ owner: [...owner].toReversed().join('') }), [], 'owned() by another owner');
      assert.ok((await ids({ run })).includes(ref.id), 'owned() by run');
      const mine = (await owned(stage, {})).find((machine) => machine.ref.id === ref.id);
      assert.ok(mine !== undefined, 'owned() of everybody leaves one out');
      assert.equal(mine.owner?.slice(0, 6), owner.slice(0, 6), 'owner of a machine that is listed');
      assert.equal(mine.run, run, 'run of a machine that is listed');
      if (stage.capabilities.labels) assert.equal(mine.owner, owner, 'owner, which capabilities.labels says is known in full');
      await end(stage, ref);
      await assertNothingLeft(stage);
    },
  },

  "owned: a stranger's machine is never ours": {
    rents: true,
    lacks: hooks('strangers'),
    body: async (stage) => {
      const strangers = (await stage.hooks.strangers?.(stage.world)) ?? [];
      const { ref } = await stage.create(await stage.spec(0));
      await stage.io.sleep(stage.capabilities.visibleWithinMs);
      const listed = (await owned(stage, { owner: stage.owner })).map((machine) => machine.ref.id);
      assert.deepEqual(listed, [ref.id], 'owned() by owner');
      for (const machine of await owned(stage, {})) {
        assert.ok(
          !strangers.includes(machine.ref.id) || machine.owner?.slice(0, 6) !== stage.owner.slice(0, 6),
          `${machine.ref.name} is said to be ours`,
        );
        assert.ok(
          machine.ref.name.startsWith('bench-') || machine.owner !== null,
          `owned() lists ${machine.ref.name}, which bench did not make`,
        );
      }
      const before = (await stage.hooks.alive?.(stage.world)) ?? [];
      await end(stage, ref);
      const after = (await stage.hooks.alive?.(stage.world)) ?? [];
      assert.deepEqual(after.toSorted(), before.filter((name) => name !== ref.name).toSorted(), 'terminate() ended something else too');
    },
  },

  'owned, observe: lists are read to their end': {
    rents: true,
    body: async (stage) => {
      const many = stage.options.many ?? (stage.hooks.advance === undefined ? 2 : 30);
      const refs = [];
      for (let n = 0; n < many; n++) refs.push((await stage.create(await stage.spec(n))).ref);
      await stage.io.sleep(stage.capabilities.visibleWithinMs);
      const ids = refs.map(({ id }) => id).toSorted();
      const listed = (await owned(stage, { owner: stage.owner })).map((machine) => machine.ref.id);
      assert.deepEqual(listed.toSorted(), ids, `owned() of ${many} machines`);
      const seen = await seenAll(stage, refs);
      assert.deepEqual(
        [...seen]
          .filter(([, machine]) => machine !== null)
          .map(([id]) => id)
          .toSorted(),
        ids,
        `observe() of ${many} machines`,
      );
      const last = refs.at(-1);
      assert.equal((await find(stage, last?.name ?? ''))?.ref.id, last?.id, `find() among ${many} machines`);
      await Promise.all(refs.map((ref) => end(stage, ref)));
      await assertNothingLeft(stage);
    },
  },
};
