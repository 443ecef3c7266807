import assert from 'node:assert/strict';
import type { CaseDraft } from './case.ts';
import { assertFits, assertOffer } from './check-offer.ts';
import { collect } from './ask.ts';
import type { Stage } from './stage.ts';

/** Everything that is sold, in every market and for every kind of workload. */
async function everything(stage: Stage) {
  const all = await Promise.all(
    stage.capabilities.workloads.map((workload) =>
      stage
        .offers({ workload, markets: stage.options.query?.markets ?? stage.capabilities.markets })
        .then((offers) => ({ workload, offers })),
    ),
  );
  return all;
}

export const OFFER_CASES: Record<string, CaseDraft> = {
  'offers: each is complete, and priced or of unknown price': {
    rents: false,
    body: async (stage) => {
      const all = await everything(stage);
      const offers = all.flatMap((one) => one.offers);
      assert.ok(offers.length > 0, 'there is no offer at all');
      for (const offer of offers) assertOffer(offer, stage.options.factory);
      for (const { offers: some } of all) {
        const ids = some.map((offer) => offer.id);
        assert.equal(new Set(ids).size, ids.length, `two offers have one id: ${ids.find((id, i) => ids.indexOf(id) !== i) ?? ''}`);
      }
      if (stage.capabilities.livePrices)
        assert.ok(
          offers.some(({ priceSource }) => priceSource.kind === 'live'),
          'no price is live, which capabilities.livePrices says',
        );
    },
  },

  'offers: each satisfies what was asked': {
    rents: false,
    body: async (stage) => {
      for (const { workload, offers } of await everything(stage)) {
        const markets = [...new Set(offers.map((offer) => offer.market))];
        for (const market of markets) {
          const query = stage.query({ workload, markets: [market] });
          for (const offer of await stage.offers(query)) assertFits(offer, query);
        }
        for (const offer of [offers[0], offers.at(-1), offers.find(({ gpu }) => (gpu?.count ?? 0) > 1)]) {
          if (offer === undefined) continue;
          for (const region of [offer.region, ...(offer.zone === null ? [] : [offer.zone])]) {
            const query = stage.query({
              workload,
              markets: [offer.market],
              regions: [region],
              ...(offer.gpu?.id ? { gpu: offer.gpu.id, count: offer.gpu.count } : {}),
            });
            const narrow = await stage.offers(query);
            assert.ok(narrow.length > 0, `nothing is offered for ${JSON.stringify(query)}, although ${offer.id} was a moment ago`);
            for (const found of narrow) {
              assertFits(found, query);
              if (query.gpu !== null && found.gpu?.id) assert.equal(found.gpu.id, query.gpu, `gpu.id of offer ${found.id}`);
            }
          }
        }
        assert.deepEqual(await stage.offers({ workload, regions: ['no-such-region-1'] }), [], 'a region that does not exist has offers');
      }
    },
  },

  'offers: an abort ends them': {
    rents: false,
    body: async (stage) => {
      const signal = AbortSignal.abort(new Error('enough'));
      const before = stage.witness.sent.length;
      await assert.rejects(collect(stage.provider.offers(stage.query(), { signal })), 'offers() goes on although it was aborted before');
      assert.equal(stage.witness.sent.length, before, 'offers() sends requests although it was aborted before');
    },
  },
};
