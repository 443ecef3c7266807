import { expect, it } from 'vitest';
import { lineMasker } from './mask-line.ts';

const mask = (lines: readonly string[]) => lines.map(lineMasker());
const [begin, end] = ['BEGIN', 'END'].map((word) => ['-----', word, ' RSA PRIVATE ', 'KEY-----'].join(''));

it('masks settings, flags and addresses as it goes', () => {
  expect(mask(['serve m --api-key abcd1234', 'GITHUB_TOKEN=abcdefgh', 'GET https://me:pw@host/x', 'max_tokens=128'])).toEqual([
    'serve m --api-key ***',
    'GITHUB_TOKEN=***',
    'GET https://me:***@host/x',
    'max_tokens=128',
  ]);
});

it('masks a private key over its lines, and nothing after it', () => {
  const lines = [`a ${begin}`, 'MIIEowIBAAKCAQEA', 'abcd==', `${end} b`, 'c'];
  expect(mask(lines)).toEqual(['a ***', '***', '***', '*** b', 'c']);
  expect(mask([`x ${begin} MIIE ${end} y`, 'c'])).toEqual(['x *** y', 'c']);
  expect(mask([`${begin} MIIE ${end} ${begin}`, 'MIIE', String(end), 'c'])).toEqual(['*** ***', '***', '***', 'c']);
});

it('of a key whose end was cut off hides no whole log', () => {
  const told = mask([String(begin), ...Array.from({ length: 400 }, (_, i) => `line ${i}`)]);
  expect(told.slice(0, 100).every((line) => line === '***')).toBe(true);
  expect(told.at(-1)).toBe('line 399');
});
