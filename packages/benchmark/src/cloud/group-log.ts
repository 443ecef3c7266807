import type { ExecutionGroup } from '@bench/planner';
import type { RunWriter } from '@bench/results';
import type { RunEvent } from '../events.ts';

/** Writes what happens to one group into its own log, and passes it on. */
export function groupTeller(o: { writer: RunWriter; group: number; redact: (text: string) => string; on: (event: RunEvent) => void }) {
  let tail: Promise<void> = Promise.resolve();
  return {
    tell: (event: RunEvent): void => {
      o.on(event);
      const line = lineOf(event);
      // A log that cannot be written must not end what it tells of.
      if (line === null) return;
      const written = o.writer.groupLine(o.group, o.redact(line)).catch(() => undefined);
      tail = tail.then(() => written);
    },
    written: () => tail,
  };
}

function lineOf(event: RunEvent): string | null {
  switch (event.type) {
    case 'offers':
      return event.text;
    case 'machine': {
      const price = event.priceUsdPerHour === null ? '' : ` ($${event.priceUsdPerHour} an hour)`;
      return `${event.machine} ${event.state}${event.text === '' ? '' : `: ${event.text}`}${price}`;
    }
    case 'group_started':
      return `begins: ${event.text}`;
    case 'group_again':
      return `begins again (${event.attempt}): ${event.reason}`;
    case 'group_waits':
      return `waits: ${event.reason}`;
    case 'group_ended':
      return `ended, ${event.status}${event.reason === null ? '' : `: ${event.reason}`}${event.hint === undefined ? '' : ` (${event.hint})`}`;
    case 'bootstrap':
      return event.event.type === 'step'
        ? `${event.machine}: ${event.event.title}: ${event.event.state}`
        : event.event.type === 'log'
          ? `${event.machine}: ${event.event.line}`
          : `${event.machine}: ${event.event.text}`;
    case 'deployment_phase':
      return `${event.engine}: ${event.phase}`;
    case 'deployment_ready':
      return `${event.engine}: ready after ${Math.round(event.durationMs / 1000)} s`;
    case 'deployment_adopted':
      return `${event.engine}: still up, used again`;
    case 'deployment_failed':
      return `${event.engine}: ${event.message}`;
    case 'load_place':
      return `${event.machine}: ${event.text}`;
    case 'point_started':
    case 'point_finished':
      return `${event.ref.recipe}/${event.ref.variant} ${event.ref.label}: ${event.type === 'point_started' ? 'begins' : 'measured'}`;
    case 'point_failed':
      return `${event.ref.recipe}/${event.ref.variant} ${event.ref.label}: ${event.message}`;
    case 'stopping':
      return `stopping: ${event.reason}`;
    default:
      return null;
  }
}

/** `2× NVIDIA H200, org/model, 3 tasks`. */
export function describeGroup({ gpu, gpuCount, model, deployments }: ExecutionGroup): string {
  const tasks = deployments.reduce((sum, { tasks: list }) => sum + list.length, 0);
  return [gpu === null ? null : `${gpuCount}× ${gpu}`, model, `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`].filter(Boolean).join(', ');
}
