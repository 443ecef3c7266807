import assert from 'node:assert/strict';
import type { Offer, OfferQuery } from '../../contract/offer.ts';
import type { ProviderFactory } from '../../contract/provider.ts';

type Check = (value: unknown) => boolean;
const text: Check = (v) => typeof v === 'string' && v !== '';
const positive: Check = (v) => typeof v === 'number' && Number.isFinite(v) && v > 0;
const atLeast0: Check = (v) => typeof v === 'number' && Number.isFinite(v) && v >= 0;
const share: Check = (v) => typeof v === 'number' && v >= 0 && v <= 1;
const time: Check = (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\d/.test(v) && !Number.isNaN(Date.parse(v));
const version: Check = (v) => typeof v === 'string' && /^\d+(\.\d+)*/.test(v);
const orNull =
  (check: Check): Check =>
  (v) =>
    v === null || check(v);
const oneOf =
  (...values: unknown[]): Check =>
  (v) =>
    values.includes(v);

const KINDS = ['vm', 'container', 'batch'];
const MARKETS = ['on-demand', 'spot', 'flex', 'reserved'];
const FIELDS: Record<Exclude<keyof Offer, 'data' | 'preference' | 'diskInPrice' | 'gpu' | 'priceSource' | 'provider'>, Check> = {
  id: text,
  instanceType: text,
  region: text,
  zone: orNull(text),
  country: orNull((v) => typeof v === 'string' && /^[A-Z]{2}$/.test(v)),
  cpus: orNull(positive),
  memoryGb: orNull(positive),
  diskGb: orNull(positive),
  // A price of nothing is a price that is not known.
  priceUsdPerHour: orNull(positive),
  minBidUsdPerHour: (v) => v === undefined || v === null || positive(v),
  pricedBidUsdPerHour: (v) => v === undefined || v === null || positive(v),
  storageUsdPerGbMonth: orNull(atLeast0),
  egressUsdPerGb: orNull(atLeast0),
  market: oneOf(...MARKETS),
  availability: oneOf('available', 'low', 'unknown', 'none', 'no-quota', 'no-balance'),
  workloads: (v) => Array.isArray(v) && v.length > 0 && v.every((kind) => KINDS.includes(String(kind))),
  reliability: orNull(share),
  verified: orNull((v) => typeof v === 'boolean'),
  downMbps: orNull(atLeast0),
  upMbps: orNull(atLeast0),
  cudaVersion: orNull(version),
  driverVersion: orNull(version),
  publicIp: oneOf('direct', 'mapped', 'none'),
  rentableUntil: orNull(time),
};
const GPU_FIELDS: Record<keyof NonNullable<Offer['gpu']>, Check> = {
  id: orNull(text),
  name: text,
  vendor: oneOf('nvidia', 'amd'),
  count: (v) => Number.isInteger(v) && positive(v),
  memoryGb: positive,
  formFactor: orNull(text),
};

/** Every field is there and means something; null says "not known", a 0 or NaN does not. */
export function assertOffer(offer: Offer, factory: Pick<ProviderFactory, 'name' | 'capabilities'>): void {
  const of = `of offer ${JSON.stringify(offer.id)}`;
  const check = (where: string, fields: Readonly<Record<string, Check>>, value: object): void => {
    for (const [key, holds] of Object.entries(fields)) {
      const given = (value as Record<string, unknown>)[key];
      assert.ok(given !== undefined || holds(undefined), `${where}${key} ${of} is missing; null says that it is not known`);
      assert.ok(holds(given), `${where}${key} ${of} cannot be ${typeof given === 'number' ? given : JSON.stringify(given)}`);
    }
  };
  check('', FIELDS, offer);
  assert.ok(offer.diskInPrice === undefined || typeof offer.diskInPrice === 'boolean', `diskInPrice ${of} is neither true nor false`);
  assert.equal(offer.provider, factory.name, `provider ${of}`);
  assert.ok(offer.gpu !== undefined, `gpu ${of} is missing; null is a machine without one`);
  if (offer.gpu !== null) check('gpu.', GPU_FIELDS, offer.gpu);
  check('priceSource.', { kind: oneOf('live', 'catalogue', 'user'), name: text, at: time }, offer.priceSource);
  assert.ok(factory.capabilities.markets.includes(offer.market), `market ${of} is "${offer.market}", which capabilities.markets has not`);
  assert.deepEqual(
    JSON.parse(JSON.stringify(offer)),
    offer,
    `offer ${JSON.stringify(offer.id)} is not JSON: it does not survive being written to a file`,
  );
}

/** What no provider may leave to the core: the kind of machine, how it is sold, and where. */
export function assertFits(offer: Offer, query: OfferQuery): void {
  const is = `offer ${JSON.stringify(offer.id)} is`;
  assert.ok(offer.workloads.includes(query.workload), `${is} for ${offer.workloads.join(', ')}, asked for was ${query.workload}`);
  assert.ok(query.markets.includes(offer.market), `${is} sold as ${offer.market}, asked for was ${query.markets.join(', ')}`);
  const here =
    query.regions.length === 0 || query.regions.includes(offer.region) || (offer.zone !== null && query.regions.includes(offer.zone));
  assert.ok(here, `${is} in ${offer.region} ${offer.zone ?? ''}, asked for was ${query.regions.join(', ')}`);
  if (query.count !== null) assert.equal(offer.gpu?.count, query.count, `${is} of another number of GPUs`);
  // A family (`H100`) and what the catalogue does not know are for the core to judge.
  if (query.gpu !== null) assert.ok(offer.gpu !== null, `${is} a machine without a GPU`);
}
