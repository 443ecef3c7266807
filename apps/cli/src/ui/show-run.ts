import { formatDuration, groupBy, printable, usd } from '@bench/core';
import type { PointRef, RunEvent } from '@bench/benchmark';
import { searchText } from '@bench/results';
import { loadText } from './load-text.ts';
import { foldParts, seenLength } from './fold-parts.ts';
import { pointSummary } from './point-summary.ts';
import { useText } from './use-text.ts';
import { terminalWidth } from './width.ts';
import { usdPerHour } from './money.ts';
import type { Progress, ProgressOptions } from './progress.ts';
import type { Styles } from './style.ts';

/** Variants of one reason that are named; the rest is counted. */
const NAMED = 3;

type LeftOut = Extract<RunEvent, { type: 'left_out' }>;

/** Shows the events of a run. Where it has several machines, each line begins with its machine's name. */
export function showRun(
  progress: Progress,
  options: ProgressOptions,
  /** Nothing is measured, so points are not counted. */
  { deployOnly = false }: { deployOnly?: boolean } = {},
): (event: RunEvent) => void {
  const { style, clock } = options;
  const ok = style.green(style.unicode ? '✔' : 'ok');
  const bad = style.red(style.unicode ? '✖' : 'failed');
  const since = new Map<string, number>();
  const announced = new Set<string>();
  const leftOut: LeftOut[] = [];
  const elapsed = (key: string) => style.dim(formatDuration(clock() - (since.get(key) ?? clock())));
  const at = (machine: string | undefined) => (machine === undefined ? '' : `${style.cyan(machine)}  `);
  /** What is said of a machine, after its name, unless the words have it. */
  const named = (machine: string | undefined, text: string) =>
    machine !== undefined && text.includes(machine) ? lines(text) : `${at(machine)}${lines(text)}`;
  const hint = (text: string | undefined) => {
    for (const line of text?.split('\n') ?? []) progress.line(`  ${style.dim(`hint: ${line}`)}`);
  };
  const flushLeftOut = () => {
    for (const line of leftOutLines(leftOut.splice(0))) progress.line(style.dim(line));
  };

  const showBootstrap = ({ machine, event }: Extract<RunEvent, { type: 'bootstrap' }>) => {
    const say = (text: string) => progress.status(() => `${at(machine)}${printable(text)}`, machine);
    if (event.type === 'waiting') say(event.text);
    else if (event.type === 'log') say(`${event.step}: ${event.line}`);
    else if (event.state === 'done') progress.line(`${ok} ${at(machine)}${event.title} installed`);
    else if (event.state !== 'present') say(`${event.title}: ${event.state}`);
  };

  const upAt = new Map<string, { since: number; usdPerHour: number | null }>();
  /** What a rented machine has cost so far, as far as its price is known. */
  const spent = (machine: string) => {
    const up = upAt.get(machine);
    return up?.usdPerHour == null ? '' : style.dim(`  ${usd((up.usdPerHour * (clock() - up.since)) / 3_600_000)} so far`);
  };
  const showMachine = (event: Extract<RunEvent, { type: 'machine' }>) => {
    const { machine, state, text, priceUsdPerHour, costUsd } = event;
    if (state === 'running' || state === 'adopted')
      upAt.set(machine, { since: clock(), usdPerHour: priceUsdPerHour ?? upAt.get(machine)?.usdPerHour ?? null });
    else if (state === 'renting') upAt.set(machine, { since: clock(), usdPerHour: priceUsdPerHour });
    const price = priceUsdPerHour === null ? '' : `  ${usdPerHour(priceUsdPerHour)}`;
    const said = named(machine, stateText(state, text === machine ? '' : text));
    if (state === 'renting' || state === 'queued' || state === 'starting' || state === 'ending') {
      if (!since.has(machine) || state === 'renting' || state === 'ending') since.set(machine, clock());
      progress.status(() => `${said}${price} ${elapsed(machine)}${state === 'ending' ? spent(machine) : ''}`, machine);
      return;
    }
    progress.status(null, machine);
    if (state === 'failed' || state === 'lost') progress.line(`${bad} ${said}`);
    else if (state === 'ready') progress.line(`${ok} ${said}${style.dim(` ${formatDuration(clock() - (since.get(machine) ?? clock()))}`)}`);
    else if (state === 'gone') progress.line(`${ok} ${said}${costUsd === undefined ? '' : style.dim(`  ${usd(costUsd)}`)}`);
    else progress.line(`${ok} ${said}${price}`);
  };

  /** What each deployment uses, below its line. */
  const using = new Map<string, string>();
  const status = (text: () => string, key: string) =>
    progress.status(() => [text(), using.get(key) ?? ''].filter((line) => line !== '').join('\n'), key);
  /** Deployments of a queue whose clients are at work: what they use is seen between their points too. */
  const atWork = new Map<string, string>();
  const rest = (event: Whose) => {
    const key = lineOf(event);
    const name = atWork.get(key);
    since.set(key, clock());
    if (name === undefined) progress.status(null, key);
    else status(() => `${name}: measuring ${elapsed(key)}`, key);
  };
  const end = (event: Whose) => {
    for (const kept of [using, atWork]) kept.delete(lineOf(event));
    progress.status(null, lineOf(event));
  };

  const waitsFor = new Map<string, string>();
  /** A queue may take days: why stays, also where output goes to a file. When it thinks to begin changes with each look. */
  const sayWhyItWaits = (event: Extract<RunEvent, { type: 'deployment_progress' }>) => {
    const { machine, text } = event;
    const reason = text.replace(/(^|, )starts about .*$/, '');
    if (reason === '' || waitsFor.get(lineOf(event)) === reason) return;
    waitsFor.set(lineOf(event), reason);
    progress.line(`  ${at(machine)}${style.dim(`waits in the queue: ${printable(text)}`)}`);
  };

  return (event) => {
    if (event.type === 'left_out') {
      leftOut.push(event);
      return;
    }
    flushLeftOut();
    switch (event.type) {
      case 'bootstrap':
        showBootstrap(event);
        return;
      case 'offers':
        progress.status(null);
        if (event.failed) progress.line(`${style.yellow('not asked:')} ${printable(event.text)}`);
        else progress.line(style.dim(printable(event.text)));
        return;
      case 'machine':
        showMachine(event);
        return;
      case 'group_started':
        progress.line(style.dim(`group ${event.group}: ${printable(event.text)}`));
        return;
      case 'group_again':
        progress.line(`${style.yellow(`group ${event.group} goes on with another machine`)}: ${lines(event.reason)}`);
        return;
      case 'group_waits':
        progress.line(`${style.yellow(`group ${event.group} waits`)}: ${lines(event.reason)}`);
        return;
      case 'group_ended':
        if (event.status === 'failed')
          progress.line(`${bad} group ${event.group}${event.reason === null ? '' : `: ${lines(event.reason)}`}`);
        hint(event.hint);
        return;
      case 'run_started':
        progress.status(null);
        progress.line(
          `${style.bold(`run ${event.id}`)}  ${plural(event.tasks, 'task')}${deployOnly ? '' : `, ${event.atMost ? 'up to ' : ''}${plural(event.points, 'point')}`}` +
            `${event.alreadyDone > 0 ? `, ${event.alreadyDone} already done` : ''}  ${style.dim(event.dir)}`,
        );
        return;
      case 'deployment_phase': {
        const key = lineOf(event);
        if (!since.has(key) || RESTARTS.has(event.phase)) since.set(key, clock());
        status(() => `${at(event.machine)}${nameOf(event)}: ${phaseText(event.phase)} ${elapsed(key)}`, key);
        return;
      }
      case 'deployment_progress': {
        const key = lineOf(event);
        if (event.phase === 'queue') sayWhyItWaits(event);
        status(() => `${at(event.machine)}${nameOf(event)}: ${phaseText(event.phase)}  ${printable(event.text)} ${elapsed(key)}`, key);
        return;
      }
      case 'deployment_ready':
        progress.line(`${ok} ${at(event.machine)}${nameOf(event)} ${ready(event)} ${style.dim(formatDuration(event.durationMs))}`);
        if (event.deployment !== undefined) atWork.set(event.deployment, `${at(event.machine)}${nameOf(event)}`);
        rest(event);
        return;
      case 'deployment_use':
        using.set(lineOf(event), style.dim(useText(event)));
        return;
      case 'deployment_ended':
        end(event);
        return;
      case 'deployment_adopted':
        progress.line(`${ok} ${at(event.machine)}${nameOf(event)} is still up and is used again`);
        return;
      case 'deployment_failed':
        end(event);
        progress.line(`${bad} ${named(event.machine, event.message)}`);
        hint(event.hint);
        return;
      case 'load_place':
        progress.line(`  ${style.dim(named(event.machine, printable(event.text)))}`);
        return;
      case 'engine_log':
        return;
      case 'point_started': {
        const { ref } = event;
        const key = lineOf(ref);
        const task = `${ref.recipe}/${ref.variant}`;
        if (!announced.has(task)) {
          announced.add(task);
          progress.line(`  ${at(ref.machine)}${style.dim(task)}`);
        }
        since.set(key, clock());
        status(
          () =>
            `${at(ref.machine)}${place(ref, style)}${pointName(ref)}  ${ref.label === 'command' ? 'running' : 'preparing'} ${elapsed(key)}`,
          key,
        );
        return;
      }
      case 'point_progress': {
        const { ref } = event;
        const head = `${at(ref.machine)}${place(ref, style)}${pointName(ref)}  `;
        // The bottom's lines have a mark before them.
        const room = () => (terminalWidth(options.stream) ?? Infinity) - 3 - seenLength(head);
        status(() => `${head}${loadText(event.progress, style, room())}`, lineOf(ref));
        return;
      }
      case 'point_text': {
        const { ref } = event;
        const key = lineOf(ref);
        status(() => `${at(ref.machine)}${place(ref, style)}${pointName(ref)}  ${printable(event.text)} ${elapsed(key)}`, key);
        return;
      }
      case 'point_finished': {
        const { ref, result } = event;
        const head = `${ok} ${at(ref.machine)}${pointName(ref).padEnd(9)}`;
        const verdict = verdictOf(event.missed, style);
        progress.line(foldParts([head, ...pointSummary(result, style), ...verdict], terminalWidth(options.stream)));
        rest(ref);
        return;
      }
      case 'search_finished':
        progress.line(`${ok} ${at(event.machine)}${event.recipe}/${event.variant}: ${style.bold(searchText(event.search))}`);
        return;
      case 'point_failed':
        progress.line(`${bad} ${at(event.ref.machine)}${pointName(event.ref).padEnd(10)} ${lines(event.message)}`);
        rest(event.ref);
        return;
      case 'aggregate_started':
        since.set('', clock());
        progress.status(() => `${event.recipe}: summing up ${elapsed('')}`);
        return;
      case 'aggregate_ended':
        progress.status(null);
        if (event.failure === null) progress.line(`${ok} ${event.recipe} summed up`);
        else progress.line(`${bad} ${event.recipe}: summing up failed: ${event.failure}`);
        return;
      case 'stopping':
        progress.status(() => 'taking everything down');
        return;
      case 'run_finished':
        progress.status(null);
        return;
    }
  };
}

/** One line a reason: sixty variants for GPUs that are not there are not sixty lines. */
function leftOutLines(events: readonly LeftOut[]): string[] {
  return [...groupBy(events, ({ reason }) => reason)].map(([reason, same]) => {
    const more = same.length - NAMED;
    const tasks = same.slice(0, NAMED).map(({ task }) => task);
    return `left out ${tasks.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${reason}`;
  });
}

const STATES: Record<Extract<RunEvent, { type: 'machine' }>['state'], string> = {
  renting: 'renting',
  queued: 'waits in the queue',
  starting: 'starts',
  running: 'runs',
  adopted: 'is still there, and is used again',
  ready: 'is ready',
  failed: 'did not come up',
  lost: 'was taken away',
  kept: 'stays up',
  ending: 'ending',
  gone: 'is gone',
};
/** A state in words, with what is known of it; an error says itself what became of the machine. */
function stateText(state: keyof typeof STATES, text: string): string {
  if (text === '') return STATES[state];
  return state === 'failed' || state === 'lost' ? text : `${STATES[state]}: ${text}`;
}
/** Lines stay lines; all else that a terminal would obey is shown. */
const lines = (text: string) => text.split('\n').map(printable).join('\n');
type Whose = Pick<PointRef, 'machine' | 'deployment'>;
/** The bottom line that is somebody's: a deployment has one, however its machine is called by and by. */
const lineOf = ({ machine, deployment }: Whose) => deployment ?? machine ?? '';

const PHASES: Record<string, string> = {
  queue: 'waits in the queue',
  start: 'its job starts',
  image: 'preparing the image',
  launch: 'starting',
  model_load: 'loading the model',
  smoke_test: 'smoke test',
  end: 'ending',
};
/** Phases whose time is their own; that of others counts on. */
const RESTARTS: ReadonlySet<string> = new Set(['files', 'queue', 'start', 'image', 'launch', 'end']);
const phaseText = (phase: string) => PHASES[phase] ?? phase.replaceAll('_', ' ');
const nameOf = (event: { engine: string; model: string }) => [event.engine, event.model].filter(Boolean).join(' ');
const ready = (event: { model: string }) => (event.model === '' ? 'is ready' : 'is up and answers');
const place = (ref: PointRef, style: Styles) =>
  ref.total > 1 ? style.dim(`[${ref.position}/${ref.atMost ? 'at most ' : ''}${ref.total}] `) : '';
/** Of a point of a search. */
const verdictOf = (missed: readonly string[] | undefined, style: Styles) =>
  missed === undefined ? [] : [missed.length === 0 ? style.green('passes') : style.yellow(`fails: ${missed.join('; ')}`)];
const pointName = (ref: PointRef) => `${ref.label}${ref.repeat > 0 ? ` #${ref.repeat + 1}` : ''}`;
const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
