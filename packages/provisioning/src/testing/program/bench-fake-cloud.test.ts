import { describe, expect, it } from 'vitest';
import { help, readArgs } from './args.ts';
import { KINDS } from './kinds.ts';

describe('the command line of bench-fake-cloud', () => {
  it('names a provider and what it shall do', () => {
    const options = readArgs(['cloudrift', '--machines', 'in-process', '--seed', '7', '--misbehave', 'late-visible,late-ports'], KINDS);
    expect(options).toMatchObject({ machines: 'in-process', seed: 7, port: 0, misbehave: ['late-visible', 'late-ports'], key: null });
    expect(options?.kind.name).toBe('cloudrift');
    expect(readArgs(['cloudrift', '--misbehave', 'all'], KINDS)?.misbehave).toBe('all');
    expect(readArgs(['--help'], KINDS)).toBeNull();
  });

  it.each([
    [[], 'name one of cloudrift, gcp, vast'],
    [['azure'], 'name one of'],
    [['cloudrift', '--misbehave', 'nonsense'], 'cloudrift has no misbehaviour "nonsense"; there are late-visible'],
    [['cloudrift', '--machines', 'real'], 'in-process or none'],
    [['cloudrift', '--seed', 'x'], 'whole number'],
    [['cloudrift', '--bogus'], 'bogus'],
  ])('refuses %j', (argv, message) => {
    expect(() => readArgs(argv, KINDS)).toThrow(message);
  });

  it('tells every misbehaviour in its help', () => {
    const text = help(KINDS);
    for (const { misbehaviours } of KINDS) for (const name of Object.keys(misbehaviours)) expect(text).toContain(name);
  });
});

describe.each(KINDS)('the fake of $name', ({ name, start }) => {
  it('starts, tells its state, takes back a fault, and closes', async () => {
    const cloud = await start({ misbehave: 'all', keys: ['a-key-of-a-test'] });
    const state = await (await fetch(`${cloud.server.url}/_fake/state`)).json();
    expect(state, name).toMatchObject({ live: [], createsAcknowledged: 0, createsLost: 0, terminates: [], errors: [] });
    expect(cloud.truth().live).toEqual([]);
    expect(cloud.server.key).toBe('a-key-of-a-test');
    expect(() => cloud.misbehave(['no such thing'])).toThrow('no such thing');
    await cloud.close();
    await cloud.close();
    await expect(fetch(`${cloud.server.url}/_fake/state`)).rejects.toThrow('fetch failed');
  });
});
