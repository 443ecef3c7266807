import { createIo, type RenderedStep } from '@bench/core';
import type { Wanted } from '@bench/provisioning';
import { cloudrift } from '@bench/provisioning/cloudrift';
import { gcp } from '@bench/provisioning/gcp';
import { vast } from '@bench/provisioning/vast';
import { expect, it } from 'vitest';
import type { Settings } from '../settings/load-settings.ts';
import { rentalSteps } from './rental-steps.ts';

const settings = {
  factories: [cloudrift(), gcp(), vast()],
  providers: { gcp: { project: 'a-project' } },
  faults: [],
} as unknown as Settings;
const io = createIo({
  env: { CLOUDRIFT_API_KEY: 'rift_none', VAST_API_KEY: 'none', GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/credentials.json' },
});
const wanted: Wanted = {
  gpu: 'L4',
  count: 1,
  providers: null,
  regions: [],
  markets: ['on-demand'],
  maxPriceUsdPerHour: null,
  allowUnknownPrice: false,
  diskGb: 200,
  image: null,
  maxLifetimeS: 3600,
  bidUsdPerHour: null,
  workload: { kind: 'vm' },
  criteria: {},
};
const container: Wanted['workload'] = { kind: 'container', image: 'an/image:1', entrypoint: null, args: ['--it'], env: {}, ports: [8000] };

it.each(['cloudrift', 'gcp', 'vast'])('shows what would be sent to %s, though nobody made the offer', async (provider) => {
  const { json, text, exitCode } = await rentalSteps({ settings, wanted: { ...wanted, providers: [provider] }, io });
  expect(json).toMatchObject([{ provider, problem: null }]);
  expect(exitCode).toBe(0);
  expect(text).toMatch(/rent INSTANCE-TYPE|POST|PUT/);
  expect(text).toContain('bench-ownerx-rxxxxxxxxx-0');
});

it('shows a container too', async () => {
  const { json, text } = await rentalSteps({ settings, wanted: { ...wanted, providers: ['vast'], workload: container }, io });
  expect(json).toMatchObject([{ provider: 'vast', problem: null }]);
  expect(text).toContain('an/image:1');
});

it.each([
  ['no list', Promise.resolve([])],
  ['a step without its arguments', [{ kind: 'command', description: 'rent it' }]],
  ['a step of no kind', [{ kind: 'magic', description: 'rent it' }]],
])('a plugin whose plan is %s is named, and the others are shown', async (_what, given) => {
  const real = vast();
  const open: typeof real.open = async (own, context) => ({ ...(await real.open(own, context)), plan: () => given as RenderedStep[] });
  const factories = [{ ...real, name: 'acme', open }, cloudrift()];
  const { json, text, exitCode } = await rentalSteps({ settings: { ...settings, factories }, wanted, io });
  expect(json[0]?.problem).toMatch(/^plan\(\) of provider "acme" gave no list of steps that can be shown: /);
  expect(json[1]).toMatchObject({ provider: 'cloudrift', problem: null });
  expect(text).toContain('cannot be shown: plan() of provider "acme"');
  expect(exitCode).toBe(0);
});

it('ends with 4 when nothing can be shown: nobody sells such a GPU, or none is set up', async () => {
  const amd = await rentalSteps({ settings, wanted: { ...wanted, gpu: 'MI300X', providers: ['vast'], workload: container }, io });
  expect(amd).toMatchObject({
    exitCode: 4,
    json: [{ provider: 'vast', steps: [], problem: 'vast: no AMD Instinct MI300X is sold there' }],
  });
  const closed = await rentalSteps({ settings, wanted: { ...wanted, providers: ['cloudrift'] }, io: createIo({ env: {} }) });
  expect(closed).toMatchObject({ exitCode: 4, json: [{ provider: 'cloudrift', steps: [] }] });
});
