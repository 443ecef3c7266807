import assert from 'node:assert/strict';
import type { CaseDraft } from './case.ts';
import { answered, collect, observed, passing, until } from './ask.ts';
import { end } from './end.ts';

export const STOP_CASES: Record<string, CaseDraft> = {
  'stopped: machines are looked at and ended after the Io was aborted': {
    rents: true,
    body: async (stage) => {
      const stop = new AbortController();
      const [open] = (await stage.open(undefined, stop.signal)).list;
      assert.ok(open !== undefined, 'the provider does not open');
      const provider = stage.witness.watch(open.provider);
      const spec = await stage.spec(0);
      const { ref } = await provider.create(spec, { idempotencyKey: spec.name });
      stop.abort(new Error('the user stopped everything'));
      await stage.io.sleep(stage.capabilities.visibleWithinMs + stage.deadlines.pollMs);
      const after = { ...stage, provider };
      const machine = await observed(after, ref);
      assert.equal(machine?.ref.id, ref.id, 'observe() after a stop');
      assert.equal((await answered(stage, 'find()', () => provider.find(spec.name)))?.ref.id, ref.id, 'find() after a stop');
      const listed = (await answered(stage, 'owned()', () => collect(provider.owned({ owner: stage.owner })))).map((one) => one.ref.id);
      assert.deepEqual(listed, [ref.id], 'owned() after a stop');
      await end(after, ref);
      await until(stage, 'owned() after a stop is empty', stage.deadlines.terminateMs, async () =>
        (await passing(() => collect(provider.owned({ owner: stage.owner }))))?.length === 0 ? true : undefined,
      );
    },
  },
};
