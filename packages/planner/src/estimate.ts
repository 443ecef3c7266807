import { generatesText, type LoadSpec, meanRatePerS, parseDuration } from '@bench/core';
import type { Market } from '@bench/provisioning';
import { adaptivePoints, loadPoints, type Task } from '@bench/recipe';
import type { ExecutionGroup } from './plan.ts';

/** From the least to the most that is likely; both may be wrong, and are rounded for people. */
export interface Range {
  low: number;
  high: number;
}

/** What the estimate stands on, for people. */
export const ASSUMPTIONS: readonly string[] = [
  'a machine starts in 2 to 10 minutes (a container in 1 to 6), after up to 2 hours in a queue for flex; making it ready takes up to 10',
  'an image comes in 1 to 8 minutes; weights, 2 bytes a parameter by the number in the name of the model, at 0.1 to 1 GB a second',
  'an engine starts in 1 to 5 minutes',
  'a stream gives 20 to 100 tokens a second, and a prompt takes up to 2 seconds; 256 tokens where a load does not say; loads with a duration take it, and traces without one 1 minute to an hour',
  "a recipe's own clients or command run for 1 minute up to their timeout (an hour where they set none)",
  'ending a machine takes up to 5 minutes',
];

const START_S: Record<'vm' | 'container', Range> = { vm: { low: 120, high: 600 }, container: { low: 60, high: 360 } };
const QUEUE_S = 7200;
const READY_S: Range = { low: 20, high: 600 };
const IMAGE_S: Range = { low: 60, high: 480 };
const ENGINE_S: Range = { low: 60, high: 300 };
const OWN_LOW_S = 60;
const END_S: Range = { low: 20, high: 300 };
const GB_PER_S: Range = { low: 0.1, high: 1 };
/** Where the name of a model does not say. */
const UNKNOWN_PARAMETERS: Range = { low: 1, high: 70 };
const TOKENS_PER_S: Range = { low: 20, high: 100 };
const PROMPT_S: Range = { low: 0.02, high: 2 };
const UNKNOWN_TOKENS = 256;
/** What a trace holds is not known before it is read. */
const TRACE_S: Range = { low: 60, high: 3600 };
/** A load ends when its last answers have. */
const DRAIN_S: Range = { low: 1, high: 30 };

/**
 * How long a machine of a group will be there, seconds. `points` counts them, repeats too.
 * @param o.deployOnly nothing is measured on it. Default false
 */
export function estimateGroup(
  group: ExecutionGroup,
  o: { workload: 'vm' | 'container'; market: Market; deployOnly?: boolean | undefined },
): { seconds: Range; points: number } {
  const own = group.deployments.every(({ tasks }) => tasks.every((task) => task.kind === 'command'));
  const total = new Sum();
  const starts = o.workload === 'container' ? group.deployments.length : 1;
  total.add(START_S[o.workload], starts);
  total.add(END_S, starts);
  if (o.workload === 'vm') total.add(own ? { low: 0, high: 60 } : READY_S);
  const weights = weightsS(group.model);
  const images = new Set<string>();
  let points = 0;
  for (const { tasks } of group.deployments) {
    const [first] = tasks;
    if (first && first.kind !== 'command') {
      // On a machine the image and the weights of the model are there from the first on.
      const fresh = o.workload === 'container' || images.size === 0;
      images.add(first.recipe);
      if (fresh) total.add(IMAGE_S);
      if (fresh) total.add(weights);
      total.add(ENGINE_S);
    }
    if (!o.deployOnly) for (const task of tasks) points += addTask(task, total);
  }
  return { seconds: total.range, points };
}

/** A queue costs nothing, and takes its time. */
export function queueS(market: Market): Range {
  return market === 'flex' ? { low: 0, high: QUEUE_S } : { low: 0, high: 0 };
}

function addTask(task: Task, total: Sum): number {
  const repeats = task.resolved.benchmark?.repeats ?? 1;
  if (task.kind !== 'inference') {
    total.add(ownS(task), repeats);
    return repeats;
  }
  const adaptive = adaptivePoints(task);
  if (adaptive) {
    const [first, last] = [loadS(adaptive.load(adaptive.from)), loadS(adaptive.load(adaptive.to))];
    // How many there will be is not known: two points at least, and all that there may be.
    total.add({ low: Math.min(first.low, last.low) * 2, high: Math.max(first.high, last.high) * adaptive.mostPoints });
    return adaptive.mostPoints;
  }
  const loads = loadPoints(task);
  for (const { load } of loads) total.add(loadS(load), repeats);
  return loads.length * repeats;
}

/** A command, or the clients of a service, which run beside each other. */
function ownS({ resolved }: Task): Range {
  const limits = [resolved.command?.timeout, ...Object.values(resolved.clients ?? {}).map(({ timeout }) => timeout)];
  const high = Math.max(0, ...limits.flatMap((limit) => (limit === undefined ? [] : [parseDuration(limit) / 1000])));
  return { low: Math.min(OWN_LOW_S, high), high };
}

function loadS(load: LoadSpec): Range {
  const { arrival, numPrompts = 0, durationMs, maxConcurrency } = load;
  const request = requestS(load);
  const width = maxConcurrency ?? 8;
  const { min, max } = load.conversations?.turns ?? { min: 1, max: 1 };
  const rounds = (requests: number) => Math.ceil(requests / width);
  // Turns of one conversation come one after another.
  const rest = { low: Math.max(rounds(numPrompts), min) * request.low, high: Math.max(rounds(numPrompts), max) * request.high };
  const warm = warmupS(load, request, rounds);
  if (durationMs !== undefined) {
    const seconds = durationMs / 1000;
    return { low: seconds + warm.low, high: seconds + DRAIN_S.high + warm.high };
  }
  const rate = meanRatePerS(arrival);
  if (arrival.kind === 'trace') return { low: TRACE_S.low + warm.low, high: TRACE_S.high + warm.high };
  if (rate === null) return { low: warm.low + rest.low, high: warm.high + rest.high };
  const sending = (numPrompts * 2) / (min + max) / rate;
  return { low: sending + DRAIN_S.low, high: Math.max(sending + DRAIN_S.high + (max - 1) * request.high, rest.high) };
}

function warmupS({ warmupRequests, warmupMs }: LoadSpec, request: Range, rounds: (requests: number) => number): Range {
  const all = rounds(warmupRequests);
  if (warmupMs === undefined) return { low: all * request.low, high: all * request.high };
  const seconds = warmupMs / 1000;
  // Those that are in flight at its end are waited for.
  return { low: Math.min(seconds, all * request.low), high: Math.min(seconds, all * request.high) + request.high };
}

/** One request, and in a conversation the pause before the next. */
function requestS(load: LoadSpec): Range {
  const { low, high } = answerS(load);
  const pause = (load.conversations?.thinkTime?.meanMs ?? 0) / 1000;
  return { low: low + pause, high: high + pause };
}

function answerS({ api, data }: LoadSpec): Range {
  if (!generatesText(api)) return { low: 0.01, high: 0.5 };
  const tokens = data.kind !== 'trace' && data.outputTokens ? (data.outputTokens.min + data.outputTokens.max) / 2 : UNKNOWN_TOKENS;
  return { low: PROMPT_S.low + tokens / TOKENS_PER_S.high, high: PROMPT_S.high + tokens / TOKENS_PER_S.low };
}

/** Loading the weights, by the number in the name of the model: `Qwen3-8B`, `Mixtral-8x7B`, `gpt-oss-120b`. */
function weightsS(model: string | null): Range {
  if (model === null) return { low: 0, high: 0 };
  const found = /(?:^|[^a-z0-9])(?:(\d+)x)?(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])/i.exec(model);
  const scale = found?.[3]?.toLowerCase() === 'm' ? 0.001 : 1;
  const billions = found ? Number(found[1] ?? 1) * Number(found[2]) * scale : null;
  const gb = { low: 2 * (billions ?? UNKNOWN_PARAMETERS.low), high: 2 * (billions ?? UNKNOWN_PARAMETERS.high) };
  return { low: gb.low / GB_PER_S.high, high: gb.high / GB_PER_S.low };
}

class Sum {
  readonly range: Range = { low: 0, high: 0 };

  add({ low, high }: Range, times = 1): void {
    this.range.low += low * times;
    this.range.high += high * times;
  }
}
