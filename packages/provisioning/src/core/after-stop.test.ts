import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { cloudrift } from '../cloudrift/index.ts';
import type { ProviderFactory } from '../contract/provider.ts';
import { gcp } from '../gcp/index.ts';
import { startFakeCloudrift } from '../testing/cloudrift/fake-cloudrift.ts';
import { startFakeGcp } from '../testing/gcp/fake-gcp.ts';
import { startFakeVast } from '../testing/vast/fake-vast.ts';
import { vast } from '../vast/index.ts';
import { openProviders } from './open-providers.ts';

const KEY = 'planted-key-0123456789abcdef';
const NAME = 'bench-zzzzzz-r123456789-0';
const apiKey = { from_env: 'TEST_KEY' };
const LABELS = { 'bench-managed': 'true', 'bench-owner': 'zzzzzzzzzz', 'bench-run': 'r123456789' };

/** Each with one machine of bench. */
const WORLDS = {
  cloudrift: async () => {
    const fake = await startFakeCloudrift({ keys: [KEY] });
    fake.foreign(NAME);
    return { fake, account: 'u-1', factory: cloudrift() as ProviderFactory, settings: { base_url: fake.server.url, api_key: apiKey } };
  },
  gcp: async () => {
    const fake = await startFakeGcp({ keys: [KEY] });
    fake.foreign(NAME, LABELS);
    return {
      fake,
      account: fake.project,
      factory: gcp() as ProviderFactory,
      settings: { project: fake.project, base_url: fake.baseUrl, access_token: apiKey },
    };
  },
  vast: async () => {
    const fake = await startFakeVast({ keys: [KEY] });
    fake.foreign(NAME);
    return { fake, account: '7', factory: vast() as ProviderFactory, settings: { base_url: fake.server.url, api_key: apiKey } };
  },
};

describe.each(Object.keys(WORLDS) as (keyof typeof WORLDS)[])('%s', (name) => {
  it('tells its account, looks at machines and ends them after the user stopped everything', async () => {
    const { fake, account, factory, settings } = await WORLDS[name]();
    const stop = new AbortController();
    const io = createIo({ env: { TEST_KEY: KEY }, signal: stop.signal });
    // Whatever signal it is given: an adapter that heeds it cannot end machines when it is aborted.
    const heedless: ProviderFactory = { ...factory, open: (s, context) => factory.open(s, { ...context, signal: stop.signal }) };
    const all = await openProviders({ factories: [heedless], settings: { [name]: settings }, io });
    try {
      const { provider } = all.get(name);
      stop.abort(new Error('the user stopped everything'));
      expect(await provider.account?.()).toBe(account);
      const owned = [];
      for await (const machine of provider.owned({})) owned.push(machine.ref);
      expect(owned.map((ref) => ref.name)).toEqual([NAME]);
      expect((await provider.find(NAME))?.ref.id).toBe(owned[0]?.id);
      expect((await provider.observe(owned)).get(owned[0]?.id ?? '')?.ref.name).toBe(NAME);
      expect(['gone', 'accepted']).toContain(owned[0] && (await provider.terminate(owned[0])));
      await expect.poll(() => fake.truth().live.map((one) => one.name), { timeout: 20_000 }).not.toContain(NAME);
    } finally {
      await all.close();
      await fake.close();
    }
  }, 60_000);
});
