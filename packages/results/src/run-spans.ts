import type { JournalLine } from './journal-events.ts';
import { timeline } from './timeline.ts';

/** A stretch of a run's time, on a machine or on a deployment. */
export interface RunSpan {
  /** Name of the rented machine, or id of the deployment. */
  lane: string;
  on: 'machine' | 'deployment';
  /** `startup`: a machine until it is ready. `deploying`: an engine until it answers. `failed`: what does not count. `teardown`: until a machine is gone. */
  kind: 'startup' | 'deploying' | 'measuring' | 'failed' | 'teardown';
  /** Milliseconds since the run's first event. */
  fromMs: number;
  toMs: number;
}

/** What a run's time went into, and how long that was. */
export interface RunSpans {
  /** From the first to the last event. Pauses of a run that was stopped and went on later are in it. */
  totalMs: number;
  /** By lane in the order in which they began; within one by time. What lies between is idle. Points that follow on one another at once are one. */
  spans: RunSpan[];
}

/** Points with less than this between them are one stretch: thousands of them would say nothing more. */
const JOIN_MS = 1000;

/** What was still open when the process ended lasts until its last event. Pure. */
export function runSpans(events: readonly JournalLine[]): RunSpans {
  const told = timeline(events);
  const zero = told[0]?.t ?? 0;
  const lanes = new Map<string, RunSpan[]>();
  const open = new Map<string, Pick<RunSpan, 'lane' | 'on' | 'kind'> & { from: number }>();
  const servedBy = new Map<string, string>();
  let last = zero;
  const close = (key: string, t: number, kind?: RunSpan['kind']): void => {
    const span = open.get(key);
    if (!span) return;
    open.delete(key);
    add(lanes, { lane: span.lane, on: span.on, kind: kind ?? span.kind, fromMs: span.from - zero, toMs: t - zero });
  };
  const begin = (key: string, span: Pick<RunSpan, 'lane' | 'on' | 'kind'>, t: number): void => {
    if (!lanes.has(span.lane)) lanes.set(span.lane, []);
    if (!open.has(key)) open.set(key, { ...span, from: t });
  };
  for (const { event, t } of told) {
    switch (event.type) {
      case 'run_started':
        for (const key of open.keys()) close(key, last);
        break;
      case 'machine_intent':
        begin(`m${event.name}`, { lane: event.name, on: 'machine', kind: 'startup' }, t);
        break;
      case 'machine_ready':
        close(`m${event.name}`, t);
        break;
      case 'machine_failed':
        close(`m${event.name}`, t, 'failed');
        break;
      case 'machine_ending':
        close(`m${event.name}`, t);
        begin(`m${event.name}`, { lane: event.name, on: 'machine', kind: 'teardown' }, t);
        break;
      case 'machine_gone':
        close(`m${event.name}`, t);
        break;
      case 'deployment_planned':
        begin(`d${event.deployment}`, { lane: event.deployment, on: 'deployment', kind: 'deploying' }, t);
        break;
      case 'deployment_ready':
      case 'deployment_stopped':
        close(`d${event.deployment}`, t);
        break;
      case 'deployment_failed':
        close(`d${event.deployment}`, t, 'failed');
        break;
      case 'attempt_started':
        servedBy.set(event.key, event.deployment);
        break;
      case 'point_started': {
        const lane = servedBy.get(event.key);
        // Until it is known how it ended, it does not count.
        if (lane !== undefined) begin(pointOf(event), { lane, on: 'deployment', kind: 'failed' }, t);
        break;
      }
      case 'point_finished':
        close(pointOf(event), t, 'measuring');
        break;
      case 'point_failed':
      case 'point_void':
        close(pointOf(event), t);
        break;
      default:
        break;
    }
    last = t;
  }
  for (const key of open.keys()) close(key, last);
  return { totalMs: last - zero, spans: [...lanes.values()].flat() };
}

const pointOf = ({ key, point, repeat }: { key: string; point: number; repeat: number }) => `p${key}/${point}/${repeat}`;

function add(lanes: Map<string, RunSpan[]>, span: RunSpan): void {
  const own = lanes.get(span.lane) ?? [];
  const before = own.at(-1);
  if (before && before.kind === span.kind && span.fromMs - before.toMs <= JOIN_MS) before.toMs = Math.max(before.toMs, span.toMs);
  else own.push(span);
  lanes.set(span.lane, own);
}
