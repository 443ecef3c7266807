import { expect, it } from 'vitest';
import { type AskFlags, askedOf, isExplicit, refuseNewWishes } from './asked.ts';

const none: AskFlags = { filter: [], variant: [], sshKey: [] };

it('keeps all that a run needs to be resumed or repeated', () => {
  const asked = askedOf(
    ['/r'],
    {
      ...none,
      on: 'ssh:gpu1,gpu2',
      variant: ['a'],
      gpu: 'H200',
      teardown: false,
      expose: true,
      scaleOut: 'replicas',
      sshKey: ['/k'],
      nodeImage: 'n',
    },
    'measure',
  );
  expect(asked).toEqual({
    recipes: ['/r'],
    site: 'ssh:gpu1,gpu2',
    filter: [],
    seed: 0,
    mode: 'measure',
    variants: ['a'],
    gpu: 'H200',
    scaleOut: 'replicas',
    keep: true,
    expose: true,
    nodeImage: 'n',
    ssh: { identities: ['/k'] },
  });
  expect(isExplicit(asked)).toBe(true);
});

it('is local, and nothing was chosen by name, unless that is said', () => {
  const asked = askedOf(['/r'], none, 'measure');
  expect(asked).toEqual({ recipes: ['/r'], site: 'local', filter: [], seed: 0, mode: 'measure' });
  expect(isExplicit(asked)).toBe(false);
});

it.each([
  [{ expose: true }, '--expose means nothing on site "local"'],
  [{ teardown: false, scaleOut: 'replicas' }, '--scale-out and --no-teardown mean nothing'],
  [{ on: 'docker', bootstrap: true }, '--bootstrap means nothing on site "docker"'],
  [{ on: 'docker', sshKey: ['k'] }, '--ssh-key means nothing'],
] as const)('refuses %j, which would change nothing', (flags, message) => {
  expect(() => askedOf(['/r'], { ...none, ...flags } as AskFlags, 'measure')).toThrow(message);
});

it('asks a run that goes on for nothing new', () => {
  expect(() => refuseNewWishes([], none)).not.toThrow();
  expect(() => refuseNewWishes([], { ...none, gpu: 'H200' })).toThrow('--resume goes on with');
  expect(() => refuseNewWishes(['r'], none)).toThrow('--resume goes on with');
});
