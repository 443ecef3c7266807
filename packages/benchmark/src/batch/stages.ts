import { minuteText } from '@bench/core';
import type { JobView } from './batch-queue.ts';
import type { DeploymentLook } from './look.ts';
import type { QueuedRecord } from './queued-record.ts';

/** How far a deployment is. `measuring`: its clients are at work. */
export type StageName = 'queue' | 'start' | 'image' | 'launch' | 'model_load' | 'smoke_test' | 'measuring';

/** What a deployment waits for, and since what is known why. */
export interface Stage {
  name: StageName;
  /** In words: the queue's reason, and when it thinks that the job begins. */
  text: string;
  /** Of these jobs. */
  job: 'service' | 'client';
}

/** How long each stage may take while a process watches it, milliseconds. Jobs have limits of their own beside. */
export const STAGE_LIMITS_MS: Readonly<Record<Exclude<StageName, 'measuring'>, number>> = {
  // Whoever queues on a busy cluster waits for days, and says so by --detach.
  queue: 7 * 86_400_000,
  start: 10 * 60_000,
  image: 3 * 3_600_000,
  launch: 30 * 60_000,
  model_load: 2 * 3_600_000,
  smoke_test: 15 * 60_000,
};

const WORDS: Readonly<Record<Exclude<StageName, 'measuring'>, string>> = {
  queue: 'waits in the queue',
  start: 'its job has begun, and its script has not said so',
  image: 'its image is made ready',
  launch: 'the engine listens at no port yet',
  model_load: 'the engine is not healthy yet',
  smoke_test: 'the first answer has not come',
};

/** The stage that a deployment is in, as files and queue tell. Files are the later word: what they say has happened. */
export function stageOf(o: {
  record: QueuedRecord;
  look: DeploymentLook;
  service: JobView | null | undefined;
  clients: readonly (JobView | null | undefined)[];
}): Stage {
  const { record, look, service, clients } = o;
  const of = (name: StageName, text = '', job: Stage['job'] = 'service'): Stage => ({ name, text, job });
  const isCommand = record.jobs[0]?.role === 'command';
  if (look.state('service.tested') || (isCommand && look.state('service.running'))) return of('measuring');
  if (look.state('service.ready')) {
    const waits = clients.find((client) => client?.state === 'pending');
    const begun = record.jobs.some(({ role, index }) => role === 'client' && look.state(`client.${index}.running`));
    if (waits && !begun) return of('queue', queueText(waits), 'client');
    // Clients of a recipe's own make no first request.
    return record.orders[0]?.load == null ? of('measuring') : of('smoke_test');
  }
  if (look.state('service.listening') || look.state('service.announced'))
    return of(look.state('service.listening') ? 'model_load' : 'launch');
  if (look.state('service.image')) return of('launch', look.state('service.image')?.action ?? '');
  if (look.state('service.running')) return of('image');
  if (service && service.state !== 'pending' && service.state !== 'unknown') return of('start', service.reason ?? '');
  return of('queue', service ? queueText(service) : '');
}

/** Why a stage that took too long is given up. */
export function stageTooLong({ name, job, text }: Stage, limitMs: number): string {
  const what = name === 'measuring' ? 'it measures' : WORDS[name];
  const who = job === 'client' ? 'a client' : 'the service';
  return `${who}: after ${Math.round(limitMs / 60_000)} minutes ${what}${text === '' ? '' : ` (${text})`}`;
}

function queueText({ reason, startsAt, word }: JobView): string {
  const why = reason === null || reason === 'None' ? (word === 'PENDING' ? '' : word.toLowerCase()) : reason;
  const when = startsAt === null ? '' : `starts about ${minuteText(startsAt)} UTC`;
  return [why, when].filter((part) => part !== '').join(', ');
}
