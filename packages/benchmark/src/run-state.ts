import type { JournalLine } from '@bench/results';
import type { DeploymentRecord } from '@bench/deploy';

/** What a journal says about a run: pure, so that a crash at any line leaves something that can be tested. */
export interface RunState {
  /** `key/point/repeat` of measured points, with the attempt and the path. */
  finished: Map<string, { attempt: number; path: string }>;
  /** Highest attempt of each task key. */
  attempts: Map<string, number>;
  /** The deployment that each task key was last measured on. */
  servedBy: Map<string, string>;
  /** Deployments that were planned and not seen to end, by id. */
  live: Map<string, DeploymentRecord>;
  /** How many deployments were ever planned. */
  deployments: number;
}

export function pointKey(taskKey: string, point: number, repeat: number): string {
  return `${taskKey}/${point}/${repeat}`;
}

export function stateOf(events: readonly JournalLine[]): RunState {
  const state: RunState = { finished: new Map(), attempts: new Map(), servedBy: new Map(), live: new Map(), deployments: 0 };
  for (const event of events) {
    switch (event.type) {
      case 'deployment_planned':
        state.deployments += 1;
        state.live.set(event.deployment, event.record as DeploymentRecord);
        break;
      case 'deployment_started':
        state.live.set(event.deployment, event.record as DeploymentRecord);
        break;
      case 'deployment_failed':
      case 'deployment_stopped':
        state.live.delete(event.deployment);
        break;
      case 'attempt_started':
        state.servedBy.set(event.key, event.deployment);
        state.attempts.set(event.key, Math.max(event.attempt, state.attempts.get(event.key) ?? 0));
        break;
      case 'point_finished':
        state.finished.set(pointKey(event.key, event.point, event.repeat), { attempt: event.attempt, path: event.path });
        break;
      default:
        break;
    }
  }
  return state;
}
