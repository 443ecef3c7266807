import { type JournalLine, type LiveDeployment, liveDeployments, type Probe } from '@bench/results';

/** What a journal says about a run: pure, so that a crash at any line leaves something that can be tested. */
export interface RunState {
  /** `key/point/repeat` of measured points in their order, with the attempt and the path, and what a search goes by. */
  finished: Map<string, { attempt: number; path: string; probe?: Probe | undefined }>;
  /** Highest attempt of each task key. */
  attempts: Map<string, number>;
  /** The deployment that each task key was last measured on. */
  servedBy: Map<string, string>;
  /** The machine of that deployment. */
  machineOf: Map<string, number>;
  /** Deployments that were planned and not seen to end. */
  live: LiveDeployment[];
  /** Points that were begun and not seen to end: their client may still be at work. */
  open: { deployment: string; key: string; point: number; repeat: number }[];
  /** How many deployments were ever planned. */
  deployments: number;
}

export function pointKey(taskKey: string, point: number, repeat: number): string {
  return `${taskKey}/${point}/${repeat}`;
}

/** What `pointKey` was made of. */
export function parsePointKey(key: string): { task: string; point: number; repeat: number } {
  const [task = '', point, repeat] = key.split('/');
  return { task, point: Number(point), repeat: Number(repeat) };
}

export function stateOf(events: readonly JournalLine[]): RunState {
  const state: RunState = {
    finished: new Map(),
    attempts: new Map(),
    servedBy: new Map(),
    machineOf: new Map(),
    live: liveDeployments(events),
    open: [],
    deployments: 0,
  };
  const machines = new Map<string, number>();
  const open = new Map<string, RunState['open'][number]>();
  for (const event of events) {
    switch (event.type) {
      case 'deployment_planned':
        state.deployments += 1;
        machines.set(event.deployment, event.machine);
        break;
      case 'attempt_started': {
        const machine = machines.get(event.deployment);
        state.servedBy.set(event.key, event.deployment);
        if (machine !== undefined) state.machineOf.set(event.key, machine);
        state.attempts.set(event.key, Math.max(event.attempt, state.attempts.get(event.key) ?? 0));
        break;
      }
      case 'point_started':
        open.set(pointKey(event.key, event.point, event.repeat), {
          deployment: state.servedBy.get(event.key) ?? '',
          key: event.key,
          point: event.point,
          repeat: event.repeat,
        });
        break;
      case 'point_failed':
        // Nobody has seen it end: the host was out of reach.
        if (event.error.code === 'BENCH_LOAD_HOST_AWAY') break;
        open.delete(pointKey(event.key, event.point, event.repeat));
        break;
      case 'point_void':
        open.delete(pointKey(event.key, event.point, event.repeat));
        break;
      case 'point_finished':
        open.delete(pointKey(event.key, event.point, event.repeat));
        state.finished.set(pointKey(event.key, event.point, event.repeat), {
          attempt: event.attempt,
          path: event.path,
          probe: event.probe,
        });
        break;
      default:
        break;
    }
  }
  return { ...state, open: [...open.values()] };
}
