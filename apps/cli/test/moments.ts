import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Finished, Running } from './cli.ts';
import type { CloudUser } from './cloud.ts';

/** When an event stands in a file: in the user's ledger, or in the journal of their only run. */
export interface Moment {
  in: 'ledger' | 'journal';
  event: string;
  /** The run has given everything back by then, and may end before it is killed. */
  over?: boolean;
}

/** Each kind of event that a run on one rented machine writes, with one task that succeeds; in about their order. */
export const MOMENTS: readonly Moment[] = [
  { in: 'journal', event: 'run_started' },
  { in: 'ledger', event: 'intent' },
  { in: 'journal', event: 'machine_intent' },
  { in: 'ledger', event: 'created' },
  { in: 'journal', event: 'machine_rented' },
  { in: 'ledger', event: 'running' },
  { in: 'journal', event: 'machine_running' },
  { in: 'journal', event: 'machine_ready' },
  { in: 'journal', event: 'deployment_planned' },
  { in: 'journal', event: 'deployment_started' },
  { in: 'journal', event: 'deployment_ready' },
  { in: 'journal', event: 'attempt_started' },
  { in: 'journal', event: 'point_started' },
  { in: 'journal', event: 'point_finished' },
  { in: 'journal', event: 'task_finished' },
  { in: 'journal', event: 'deployment_stopped' },
  { in: 'journal', event: 'machine_ending' },
  { in: 'ledger', event: 'ending' },
  { in: 'ledger', event: 'gone', over: true },
  { in: 'journal', event: 'machine_gone', over: true },
  { in: 'journal', event: 'run_finished', over: true },
];

/** Kinds of events that stand in a file now. */
export async function kindsIn(user: CloudUser, file: Moment['in']): Promise<Set<string>> {
  const runs = await readdir(user.out).catch(() => []);
  const paths =
    file === 'ledger' ? [join(user.root, 'state/bench/ledger/ledger.jsonl')] : runs.map((run) => join(user.out, run, 'journal.jsonl'));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  return new Set(texts.flatMap((text) => [...text.matchAll(/"type":"([a-z_]+)"/g)].map(([, type]) => type ?? '')));
}

/** What a failure is told with: the screen, the events and the group logs. */
async function story(user: CloudUser, { stdout, stderr }: Finished): Promise<string> {
  const files = await readdir(user.out, { recursive: true }).catch(() => []);
  const logs = files.filter((file) => file.endsWith('journal.jsonl') || /groups\/[^/]+\.log$/.test(file));
  return [stdout, stderr, ...(await Promise.all(logs.map((file) => readFile(join(user.out, file), 'utf8'))))].join('\n');
}

/**
 * Kills a run with SIGKILL as soon as its moment has come.
 * @param and what must be seen besides, after the event
 */
export async function killAt(user: CloudUser, running: Running, moment: Moment, and?: () => Promise<boolean>): Promise<void> {
  const come = async (): Promise<boolean> => (await kindsIn(user, moment.in)).has(moment.event) && (and === undefined || (await and()));
  let seen = await come();
  // The test's own limit ends it when the event never comes.
  while (!seen && running.child.exitCode === null) {
    await delay(10);
    seen = await come();
  }
  running.child.kill('SIGKILL');
  const finished = await running.finished;
  // An event may have been written between the last look and the end.
  if (!seen || (finished.signal !== 'SIGKILL' && moment.over !== true))
    expect.fail(`the run ended before ${moment.event} was seen:\n${await story(user, finished)}`);
}
