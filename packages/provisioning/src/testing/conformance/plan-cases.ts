import assert from 'node:assert/strict';
import type { RenderedStep } from '@bench/core';
import { maskSecrets } from '../../core/secrets.ts';
import type { CaseDraft } from './case.ts';
import { type Stage, workloadOf } from './stage.ts';
import type { SentRequest } from './witness.ts';

type HttpStep = RenderedStep & { kind: 'http' };

export const PLAN_CASES: Record<string, CaseDraft> = {
  'plan: the same for the same machine, connects to nothing, changes nothing, shows no secret': {
    rents: false,
    body: async (stage) => {
      for (const kind of stage.capabilities.workloads) {
        const spec = await stage.spec(0, { workload: workloadOf(kind, stage.options, stage.canary) });
        const before = structuredClone(spec);
        const sent = stage.witness.sent.length;
        const first = stage.provider.plan(spec);
        const again = stage.provider.plan(structuredClone(spec));
        const other = (await stage.open()).get(stage.options.factory.name).provider.plan(spec);
        assert.deepEqual(again, first, 'plan() of the same machine is another one');
        assert.deepEqual(other, first, 'plan() of a provider that was opened again is another one');
        assert.deepEqual(spec, before, 'plan() changes its argument');
        assert.equal(stage.witness.sent.length, sent, 'plan() sends requests');
        assert.deepEqual(JSON.parse(JSON.stringify(first)), first, 'plan() is not JSON');
        for (const step of first) assert.ok(isStep(step), `plan() gives a step that is no RenderedStep: ${JSON.stringify(step)}`);
        assert.ok(!JSON.stringify(first).includes(stage.canary), 'plan() shows a secret of the machine (MachineSpec.secrets)');
      }
    },
  },

  'plan: an offer that nobody made (its data is null) can be shown too': {
    rents: false,
    body: async (stage) => {
      for (const kind of stage.capabilities.workloads) {
        const made = await stage.spec(0, { workload: workloadOf(kind, stage.options, stage.canary) });
        const spec = { ...made, offer: { ...made.offer, data: null } };
        const steps = stage.provider.plan(spec);
        assert.ok(steps.length > 0, 'plan() shows nothing of an offer whose data is null');
        assert.deepEqual(stage.provider.plan(structuredClone(spec)), steps, 'plan() of the same machine is another one');
        assert.ok(JSON.stringify(steps).includes(spec.name), 'plan() does not name the machine');
        assert.ok(!JSON.stringify(steps).includes(stage.canary), 'plan() shows a secret of the machine (MachineSpec.secrets)');
      }
    },
  },

  'plan: says what create really sends': {
    rents: true,
    body: async (stage) => {
      for (const [n, kind] of stage.capabilities.workloads.entries()) {
        const spec = await stage.spec(n, { workload: workloadOf(kind, stage.options, stage.canary) });
        const steps = stage.provider.plan(spec).filter((step) => step.kind === 'http');
        const from = stage.witness.sent.length;
        await stage.create(spec);
        const sent = stage.witness.sent.slice(from);
        if (sent.length > 0) assert.ok(steps.length > 0, 'create() sends requests, and plan() has none');
        assertSent(stage, steps, sent, spec.secrets);
      }
    },
  },
};

/** Every step was sent, in order; and what was sent beside it changes nothing. */
function assertSent(stage: Stage, steps: readonly HttpStep[], sent: readonly SentRequest[], secrets: readonly string[]): void {
  const all = [...secrets, ...(stage.world.secrets ?? [])];
  const rest = sent.map((request) => maskSecrets(request, all));
  let at = 0;
  for (const step of steps) {
    const masked = maskSecrets(step, all);
    const found = rest.findIndex((request, i) => i >= at && same(masked, request));
    if (found === -1) {
      const near = rest.find((request) => request.method === step.method && placeOf(request.url) === placeOf(masked.url));
      // Says where they differ.
      if (near !== undefined)
        assert.deepEqual(near.body, json(masked.body), `create() sends another body than plan() says, for ${step.method} ${masked.url}`);
      assert.fail(
        `create() did not send what plan() says: ${step.method} ${masked.url}; it sent ${rest.map(({ method, url }) => `${method} ${placeOf(url)}`).join(', ')}`,
      );
    }
    at = found + 1;
  }
  const told = new Set(steps.map((step) => `${step.method} ${placeOf(maskSecrets(step.url, all))}`));
  for (const { method, url } of rest) {
    if (['PUT', 'PATCH', 'DELETE'].includes(method))
      assert.ok(told.has(`${method} ${placeOf(url)}`), `create() sends ${method} ${placeOf(url)}, and plan() does not say so`);
  }
}

function same(step: HttpStep, request: SentRequest): boolean {
  if (step.method !== request.method || placeOf(step.url) !== placeOf(request.url)) return false;
  const query = new URL(request.url).searchParams;
  for (const [key, value] of new URL(step.url).searchParams) if (value !== '***' && query.get(key) !== value) return false;
  try {
    assert.deepEqual(request.body, json(step.body));
    return true;
  } catch {
    return false;
  }
}

function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function json(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** As `RenderedStep` says; a provider that was written without types may give anything. */
function isStep(step: RenderedStep): boolean {
  const texts = (...values: unknown[]) => values.every((value) => typeof value === 'string');
  if (!texts(step.description) || step.description === '') return false;
  if (step.kind === 'http') return texts(step.method, step.url);
  if (step.kind === 'file') return texts(step.path, step.content);
  return step.kind === 'command' && Array.isArray(step.argv) && step.argv.length > 0 && texts(...step.argv);
}
