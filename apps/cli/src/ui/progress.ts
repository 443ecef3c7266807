import { formatDuration } from '@bench/core';
import type { PointRef, RunEvent } from '@bench/benchmark';
import type { LoadProgress } from '@bench/loadgen';
import type { Styles } from './style.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR_CELLS = 16;

export interface ProgressOptions {
  stream: NodeJS.WriteStream;
  style: Styles;
  /** Monotonic milliseconds. */
  clock: () => number;
}

/**
 * What a person watches: everything that is finished becomes a line that stays, and one line at the bottom shows what is
 * going on. Where the stream is no terminal, only the lines that stay are written.
 */
export class Progress {
  readonly #o: ProgressOptions;
  readonly #live: boolean;
  #status: (() => string) | null = null;
  #drawn = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame = 0;

  constructor(options: ProgressOptions) {
    this.#o = options;
    this.#live = options.stream.isTTY === true;
    if (this.#live) {
      this.#timer = setInterval(() => this.#draw(), 100);
      this.#timer.unref();
    }
  }

  /** Writes a line that stays. */
  line(text: string): void {
    this.#erase();
    this.#o.stream.write(`${text}\n`);
    this.#draw();
  }

  /** Sets what the bottom line says; a function is asked at every frame. */
  status(text: (() => string) | null): void {
    this.#status = text;
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#status = null;
  }

  #draw(): void {
    if (!this.#live || !this.#status) return this.#erase();
    const { style, stream } = this.#o;
    this.#frame += 1;
    const mark = style.unicode ? (SPINNER[this.#frame % SPINNER.length] as string) : '|/-\\'.charAt(this.#frame % 4);
    const width = (stream.columns || 80) - 1;
    stream.write(`\r\u001B[2K${style.cyan(mark)} ${clip(this.#status(), Math.max(10, width - 2))}`);
    this.#drawn = true;
  }

  #erase(): void {
    if (this.#drawn) this.#o.stream.write('\r\u001B[2K');
    this.#drawn = false;
  }
}

/** Shows the events of a run. */
export function showRun(progress: Progress, options: ProgressOptions): (event: RunEvent) => void {
  const { style, clock } = options;
  const ok = style.green(style.unicode ? '✔' : 'ok');
  const bad = style.red(style.unicode ? '✖' : 'failed');
  let since = clock();
  const several = new Set<string>();
  const elapsed = () => formatDuration(clock() - since);
  return (event) => {
    switch (event.type) {
      case 'run_started':
        progress.line(
          `${style.bold(`run ${event.id}`)}  ${event.tasks} task${event.tasks === 1 ? '' : 's'}, ${event.points} point${event.points === 1 ? '' : 's'}` +
            `${event.alreadyDone > 0 ? `, ${event.alreadyDone} already done` : ''}  ${style.dim(event.dir)}`,
        );
        return;
      case 'deployment_phase':
        if (event.phase === 'launch') since = clock();
        progress.status(() => `${event.engine} ${event.model}: ${phaseText(event.phase)} ${style.dim(elapsed())}`);
        return;
      case 'deployment_ready':
        progress.line(`${ok} ${event.engine} ${event.model} is up and answers ${style.dim(formatDuration(event.durationMs))}`);
        progress.status(null);
        return;
      case 'deployment_failed':
        progress.line(`${bad} ${event.message}`);
        if (event.hint !== undefined) progress.line(`  ${style.dim(`hint: ${event.hint}`)}`);
        progress.status(null);
        return;
      case 'engine_log':
        return;
      case 'point_started': {
        const task = taskName(event.ref);
        if (!several.has(task)) {
          several.add(task);
          progress.line(style.dim(`  ${task}`));
        }
        since = clock();
        progress.status(() => `${place(event.ref, style)}${pointName(event.ref)}  preparing ${style.dim(elapsed())}`);
        return;
      }
      case 'point_progress':
        progress.status(() => `${place(event.ref, style)}${pointName(event.ref)}  ${loadText(event.progress, style)}`);
        return;
      case 'point_finished': {
        const { counts, scalars, distributions, durationS, flags } = event.result;
        const doubts = flags.filter((f) => f.code !== 'random_weights' && f.code !== 'few_samples');
        const parts = [
          `${counts.ok} requests${counts.failed > 0 ? style.red(` (${counts.failed} failed)`) : ''}`,
          scalars['output_throughput'] ? `${Math.round(scalars['output_throughput'])} tok/s` : null,
          distributions['ttft_ms'] ? `TTFT ${ms(distributions['ttft_ms'].p50)}` : null,
          distributions['tpot_ms'] ? `TPOT ${ms(distributions['tpot_ms'].p50)}` : null,
          style.dim(formatDuration(durationS * 1000)),
          doubts.length > 0 ? style.yellow(doubts.map((f) => f.code).join(' ')) : null,
        ].filter((part) => part !== null);
        progress.status(null);
        progress.line(`${ok} ${pointName(event.ref).padEnd(10)} ${parts.join('  ')}`);
        return;
      }
      case 'point_failed':
        progress.status(null);
        progress.line(`${bad} ${pointName(event.ref).padEnd(10)} ${event.message}`);
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

/** `34/48 ▰▰▰▱▱  812 tok/s  8 in flight  12.0 s  ETA 3 s` */
export function loadText(p: LoadProgress, style: Styles): string {
  if (p.phase === 'preparing') return 'preparing prompts';
  if (p.phase === 'warmup') return `warming up ${style.dim(formatDuration(p.elapsedMs))}`;
  const done = p.done + p.failed;
  const [full, empty] = style.unicode ? ['▰', '▱'] : ['#', '.'];
  const cells = p.total ? Math.min(BAR_CELLS, Math.floor((done / p.total) * BAR_CELLS)) : null;
  return [
    p.total === null ? `${done} done` : `${done}/${p.total}`,
    cells === null ? null : `${full.repeat(cells)}${empty.repeat(BAR_CELLS - cells)}`,
    `${Math.round(p.tokensPerS)} tok/s`,
    `${p.inFlight} in flight`,
    p.failed > 0 ? style.red(`${p.failed} failed`) : null,
    style.dim(formatDuration(p.elapsedMs)),
    p.etaMs === null ? null : style.dim(`ETA ${formatDuration(p.etaMs)}`),
  ]
    .filter((part) => part !== null)
    .join('  ');
}

const PHASES: Record<string, string> = { launch: 'starting', model_load: 'loading the model', smoke_test: 'smoke test' };
const phaseText = (phase: string) => PHASES[phase] ?? phase.replaceAll('_', ' ');
const place = (ref: PointRef, style: Styles) => (ref.total > 1 ? style.dim(`[${ref.position}/${ref.total}] `) : '');
const taskName = (ref: PointRef) => `${ref.recipe}/${ref.variant}`;
const pointName = (ref: PointRef) => `${ref.label}${ref.repeat > 0 ? ` #${ref.repeat + 1}` : ''}`;

function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** The first `width` characters that are seen; escape sequences take no room and are never cut. */
export function clip(text: string, width: number): string {
  let seen = 0;
  let out = '';
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  for (const [part] of text.matchAll(/\u001B\[[0-9;]*m|[\s\S]/gu)) {
    if (part.length > 2) out += part;
    else if (seen < width) {
      out += part;
      seen += 1;
    }
  }
  return out;
}
