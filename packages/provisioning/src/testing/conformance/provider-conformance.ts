import type { CaseDraft } from './case.ts';
import { FACTORY_CASES } from './factory-cases.ts';
import { LIFE_CASES } from './life-cases.ts';
import { hardLife, LOSS_CASES } from './loss-cases.ts';
import { OFFER_CASES } from './offer-cases.ts';
import type { ConformanceCase, ConformanceOptions, ConformanceWorld } from './options.ts';
import { OWNED_CASES } from './owned-cases.ts';
import { PLAN_CASES } from './plan-cases.ts';
import { onStage } from './stage.ts';
import { STOP_CASES } from './stop-cases.ts';

/**
 * Everything that a provider promises, as cases for any test runner. Each opens the provider anew, in a world of its own where `prepare` makes
 * one; what it rents is ended. After each, no secret may stand in anything that the provider logged, returned or threw.
 */
export function providerConformance<W extends ConformanceWorld>(options: ConformanceOptions<W>): readonly ConformanceCase[] {
  const misbehaving = (options.misbehaviours ?? []).map((name): [string, CaseDraft] => [
    `life: with "${name}", nothing is left`,
    {
      rents: true,
      lacks: (o) => (o.hooks?.misbehave === undefined ? 'needs the hook misbehave' : null),
      body: (stage) => hardLife(stage, name),
    },
  ]);
  const drafts = {
    ...FACTORY_CASES,
    ...OFFER_CASES,
    ...PLAN_CASES,
    ...LIFE_CASES,
    ...OWNED_CASES,
    ...LOSS_CASES,
    ...STOP_CASES,
    ...Object.fromEntries(misbehaving),
  };
  // The cases hand the world back to the hooks unseen.
  const any = options as unknown as ConformanceOptions;
  return Object.entries(drafts).map(([name, { rents, lacks, body }]) => ({
    name,
    skipped: rents && options.rent === false ? 'rent is false' : (lacks?.(any) ?? null),
    run: () => onStage(any, body),
  }));
}
