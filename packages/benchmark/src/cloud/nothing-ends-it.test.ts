import type { Capabilities, Machine, MachineRef, OpenProviders } from '@bench/provisioning';
import { expect, it } from 'vitest';
import { nothingEndsIt } from './nothing-ends-it.ts';

const ref: MachineRef = { provider: 'paper', id: 'i1', name: 'bench-abc123-r1-0', region: 'here', zone: null };

function toldOf(workload: 'vm' | 'container', capabilities: Partial<Capabilities>, selfDestructs = false) {
  const open = {
    factory: { title: 'Paper', capabilities: { nativeTtl: false, shutdownEndsBilling: false, ...capabilities } },
    provider: selfDestructs ? { selfDestruct: () => ({}) } : {},
  } as unknown as ReturnType<OpenProviders['get']>;
  const rented = { ref, machine: () => ({ workload }) as Machine };
  return nothingEndsIt({ rented, until: new Date('2026-01-01T08:00:00Z'), run: 'r1' }, { get: () => open });
}

it('of a container, whatever a shutdown would end, is told, with what ends it', () => {
  for (const told of [toldOf('container', { shutdownEndsBilling: true }), toldOf('container', {}, true)])
    expect(told).toEqual({
      text: 'nothing ends it by itself at 2026-01-01 08:00 UTC, and it costs on: there is no timer in a container',
      hint: 'bench teardown r1 ends it before that time, bench gc from then on',
    });
});

it('of a machine whose timer may not end its bill is told', () => {
  expect(toldOf('vm', {})?.text).toContain('the timer in it shuts it down, and Paper may bill it all the same');
});

it('of a machine that its provider or its timer ends, or that is the user’s own, is not told', () => {
  expect([
    toldOf('container', { nativeTtl: true }),
    toldOf('vm', { nativeTtl: true }),
    toldOf('vm', { shutdownEndsBilling: true }),
    toldOf('vm', {}, true),
    toldOf('vm', { shutdown: 'never' }),
  ]).toEqual([null, null, null, null, null]);
});
