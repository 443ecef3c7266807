import assert from 'node:assert/strict';
import type { Provider } from '../../contract/provider.ts';
import { type CaseDraft, hooks } from './case.ts';
import { answered, collect, kindOf, thrownBy } from './ask.ts';

export const FACTORY_CASES: Record<string, CaseDraft> = {
  'factory: what it says of itself is complete, and opening connects to nothing': {
    rents: false,
    body: async (stage) => {
      const { factory } = stage.options;
      const { capabilities, provider } = stage;
      assert.equal(stage.witness.sent.length, 0, 'configured() or open() sent a request');
      assert.ok(
        Number.isFinite(capabilities.visibleWithinMs) && capabilities.visibleWithinMs >= 0,
        'capabilities.visibleWithinMs is no time',
      );
      assert.ok(capabilities.workloads.length > 0 && capabilities.markets.length > 0, 'capabilities.workloads or .markets is empty');
      for (const key of ['idempotentCreate', 'labels', 'nativeTtl', 'shutdownEndsBilling', 'stopStart', 'livePrices', 'logs'] as const) {
        assert.equal(typeof capabilities[key], 'boolean', `capabilities.${key}`);
      }
      for (const [kind, limit] of Object.entries(factory.limits)) {
        for (const [key, value] of Object.entries(limit)) {
          assert.ok(['minIntervalMs', 'perMinute'].includes(key) && Number.isFinite(value) && Number(value) > 0, `limits.${kind}.${key}`);
        }
      }
      const has = (method: keyof Provider): boolean => typeof provider[method] === 'function';
      assert.equal(has('logs'), capabilities.logs, 'capabilities.logs says something else than the methods');
      assert.equal(has('start') && has('stop'), capabilities.stopStart, 'capabilities.stopStart says something else than the methods');
    },
  },

  'settings: an unknown key is refused': {
    rents: false,
    body: async (stage) => {
      const given = stage.world.settings ?? stage.options.settings ?? {};
      const result = await stage.options.factory.settings['~standard'].validate({ ...given, no_such_setting: 1 });
      assert.ok(
        result.issues !== undefined && result.issues.length > 0,
        'settings with an unknown key are accepted: a misspelt one would do nothing',
      );
    },
  },

  'check: with good credentials nothing is failed': {
    rents: false,
    body: async (stage) => {
      const { items } = await stage.provider.check();
      assert.ok(items.length > 0, 'check() found nothing to say');
      for (const { name, state, text, fix } of items) {
        assert.ok(name !== '' && text !== '', 'an item of check() has no name or text');
        assert.notEqual(state, 'failed', `check(): ${name}: ${text}`);
        if (state === 'warning') assert.ok(fix !== undefined && fix !== '', `the warning "${name}" does not say what to do`);
      }
    },
  },

  'check: wrong credentials are said, with what to do': {
    rents: false,
    lacks: hooks('wrongSettings'),
    body: async (stage) => {
      const open = await stage.open(stage.hooks.wrongSettings?.(stage.world));
      const [one] = open.list;
      if (one === undefined) {
        const [closed] = open.closed;
        assert.ok(
          closed !== undefined && closed.hint !== '',
          `the provider does not open with wrong credentials, and does not say what to do: ${closed?.reason ?? ''}`,
        );
        return;
      }
      await assertSaid(stage.witness.watch(one.provider));
    },
  },

  'check: credentials that were revoked in the middle are said, and every call says so': {
    rents: false,
    lacks: hooks('revoke'),
    body: async (stage) => {
      const query = stage.query();
      await stage.provider.check();
      await stage.hooks.revoke?.(stage.world);
      await assertSaid(stage.provider);
      const calls: Record<string, () => Promise<unknown>> = {
        find: () => stage.provider.find(`bench-${stage.owner.slice(0, 6)}-${stage.run}-0`),
        owned: () => collect(stage.provider.owned({ owner: stage.owner })),
        offers: () => collect(stage.provider.offers(query)),
      };
      for (const [name, call] of Object.entries(calls)) {
        // Price lists are public at some sellers.
        const error =
          name === 'offers'
            ? await call().then(
                () => null,
                (thrown: unknown) => thrown,
              )
            : await thrownBy(`${name}() with revoked credentials`, call);
        if (error !== null) assert.equal(kindOf(error), 'auth', `the kind of error of ${name}()`);
      }
    },
  },

  'account: a stable name of who pays, and no key': {
    rents: false,
    lacks: ({ factory }) => (factory.capabilities.shutdown === 'never' ? "machines of one's own have no account" : null),
    body: async (stage) => {
      const ask = async (provider: Provider | undefined): Promise<string | undefined> =>
        provider?.account === undefined ? undefined : answered(stage, 'account()', () => provider.account?.() ?? Promise.resolve(''));
      const name = await ask(stage.provider);
      if (name === undefined) return;
      assert.ok(typeof name === 'string' && name.trim() !== '', 'account() says nothing');
      const sent = stage.witness.sent.length;
      assert.equal(await ask(stage.provider), name, 'account() says something else the second time');
      assert.equal(stage.witness.sent.length, sent, 'account() asks again for what it knows');
      const [again] = (await stage.open()).list;
      // That it is no key is seen by the witness, as with everything that is returned.
      assert.equal(
        await ask(again === undefined ? undefined : stage.witness.watch(again.provider)),
        name,
        'account() of the same credentials',
      );
    },
  },

  'close: may be called twice': {
    rents: false,
    body: async ({ provider }) => {
      await provider.close();
      await provider.close();
    },
  },
};

async function assertSaid(provider: Provider): Promise<void> {
  const { items } = await provider.check();
  const failed = items.filter(({ state }) => state === 'failed');
  assert.ok(failed.length > 0, 'check() finds nothing failed although the credentials are refused');
  for (const { name, fix } of failed) assert.ok(fix !== undefined && fix !== '', `"${name}" failed, and check() does not say what to do`);
}
