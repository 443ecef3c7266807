import { expect, it } from 'vitest';
import { countryCode, countryHint } from './country.ts';

it('a country is known by its code and by its English name, in letters of any size', () => {
  expect(['DE', 'de', 'Germany', ' germany ', 'South Korea', 'UK', 'usa', 'United States', 'Czechia'].map(countryCode)).toEqual([
    'DE',
    'DE',
    'DE',
    'DE',
    'KR',
    'GB',
    'US',
    'US',
    'CZ',
  ]);
  expect(['', 'XX', 'EU', 'Germny', 'constructor'].map(countryCode)).toEqual([null, null, null, null, null]);
});

it('the nearest one is told, where one is near', () => {
  expect(countryHint('Germny')).toBe('did you mean "Germany"?');
  expect(countryHint('XX')).toContain('ISO 3166');
  expect(countryHint('Middle Earth')).toContain('ISO 3166');
});
