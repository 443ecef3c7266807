import type { Phases } from '@bench/core';
import type { DeploymentLook } from './look.ts';

const STEPS = [
  ['queue', 'service.running'],
  ['image', 'service.image'],
  ['launch', 'service.announced'],
  ['model_load', 'service.ready'],
  ['smoke_test', 'service.tested'],
] as const;

/** What each stage of a deployment took, by the cluster's clock, from its submission by ours on. Stages that have not ended are left out. */
export function phasesOf(look: DeploymentLook, submittedAtMs: number): Phases {
  const phases: Phases = [];
  let from = submittedAtMs;
  for (const [name, file] of STEPS) {
    const state = look.state(file);
    if (!state) continue;
    // Clocks of two machines differ by what they do: nothing begins before it was asked for.
    const to = Math.max(from, state.atMs);
    phases.push({ name, startMs: from - submittedAtMs, durationMs: to - from });
    from = to;
  }
  return phases;
}
