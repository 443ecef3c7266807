import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashOf } from './json.ts';

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([k, v]) => [k, shuffled(v)]),
    );
  return value;
};

describe('canonicalJson', () => {
  it('sorts keys at every depth and drops undefined', () => {
    expect(canonicalJson({ b: [{ z: 1, y: undefined, a: 2 }], a: null })).toBe('{"a":null,"b":[{"a":2,"z":1}]}');
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it('does not depend on the order of keys, and loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('hashOf', () => {
  // printf '{"a":1,"b":2}' | sha256sum
  it('is the SHA-256 of it', () => {
    expect(hashOf({ b: 2, a: 1 })).toBe('43258cff783fe703');
    expect(hashOf({ a: 1, b: 2 }, 64)).toMatch(/^43258cff783fe703[0-9a-f]{48}$/);
  });

  it('differs where values differ', () => {
    expect(new Set([{ a: 1 }, { a: '1' }, { a: [1] }, { b: 1 }, [], {}, null].map((v) => hashOf(v))).size).toBe(7);
  });
});
