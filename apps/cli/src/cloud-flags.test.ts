import { describe, expect, it } from 'vitest';
import { askedOf, type AskFlags } from './asked.ts';
import { askedCloud, type RentFlags } from './cloud-flags.ts';
import { keptLimits } from './kept-limits.ts';

const HOUR = 3600;
const none: AskFlags = { filter: [], variant: [], sshKey: [] };
const settings = (cloud: object = {}) => ({ cloud, providers: {} });
const times = (flags: RentFlags, keeps: 'nothing' | 'machine' | 'run', cloud: object = {}) => {
  const { maxLifetimeS, keepS } = askedCloud(flags, { site: null, settings: settings(cloud), keeps });
  return [maxLifetimeS / HOUR, keepS / HOUR];
};

describe('the lifetime of a machine', () => {
  it('reaches to the end of what it is kept for', () => {
    expect(times({}, 'nothing')).toEqual([4, 8]);
    expect(times({}, 'machine')).toEqual([9, 8]);
    expect(times({ keepFor: '2h' }, 'machine')).toEqual([4, 2]);
    // A run works on it before it is kept.
    expect(times({ keepFor: '2h' }, 'run')).toEqual([6, 2]);
    expect(times({}, 'run', { keep_for: '10h' })).toEqual([14, 10]);
  });

  it('that was asked for is a limit: nothing is kept beyond it', () => {
    expect(times({ lifetime: '3h' }, 'machine')).toEqual([3, 3]);
    expect(times({}, 'run', { lifetime: '3h' })).toEqual([3, 3]);
    expect(times({ lifetime: '9h', keepFor: '8h' }, 'machine')).toEqual([9, 8]);
  });

  it('and a longer time to keep it contradict each other', () => {
    expect(() => times({ lifetime: '4h', keepFor: '8h' }, 'machine')).toThrow(
      expect.objectContaining({ code: 'BENCH_USAGE', exitCode: 2, message: expect.stringContaining('kept for 8h') as string }),
    );
    expect(() => times({ keepFor: '8h' }, 'run', { lifetime: '4h' })).toThrow(/longer than 4h/);
    expect(times({ lifetime: '4h', keepFor: '8h' }, 'nothing')).toEqual([4, 8]);
  });

  it.each([
    [{}, 'measure', 4],
    [{ teardown: false }, 'measure', 12],
    [{}, 'deploy', 12],
  ] as const)('of a run: %j, %s', (flags, mode, hours) => {
    expect(askedOf(['/r'], { ...none, on: 'cloud', ...flags }, mode).cloud?.maxLifetimeS).toBe(hours * HOUR);
  });
});

describe('a country', () => {
  const countries = (flags: RentFlags, cloud: object = {}) => askedCloud(flags, { site: null, settings: settings(cloud) }).criteria;

  it('may be written as a code or as a name', () => {
    expect(countries({ country: ['de', 'United States'], notCountry: ['uk'] })).toEqual({ countries: ['DE', 'US'], notCountries: ['GB'] });
    expect(countries({}, { country: ['Germany'] })).toEqual({ countries: ['DE'] });
  });

  it('that there is not is an error with the nearest one', () => {
    expect(() => countries({ country: ['Germny'] })).toThrow(
      expect.objectContaining({ message: '--country: no country is called "Germny"', hint: 'did you mean "Germany"?', exitCode: 2 }),
    );
  });
});

describe('what a machine that is kept may cost', () => {
  const limits = (flags: RentFlags) => keptLimits(askedCloud(flags, { site: null, settings: settings(), keeps: 'machine' }));

  it('is a price that no offer may pass', () => {
    expect(limits({ maxCost: 10, keepFor: '4h' }).maxPriceUsdPerHour).toBe(2.5);
    expect(limits({ maxCost: 10, keepFor: '4h', maxPrice: 1 }).maxPriceUsdPerHour).toBe(1);
    expect(limits({ maxCost: 10, keepFor: '4h', maxPrice: 6 }).maxPriceUsdPerHour).toBe(2.5);
  });

  it('is passed by no price that nobody says', () => {
    expect(limits({ maxCost: 10, allowUnknownPrice: true }).allowUnknownPrice).toBe(false);
    expect(limits({ allowUnknownPrice: true })).toMatchObject({ allowUnknownPrice: true, maxPriceUsdPerHour: null, maxWorkers: 1 });
  });
});
