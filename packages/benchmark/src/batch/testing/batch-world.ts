import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host, type Io } from '@bench/core';
import { connect } from '@bench/host';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { readRun, RunWriter } from '@bench/results';
import type { RunEvent } from '../../events.ts';
import { recordingEngine } from '../../testing/recording-engine.ts';
import type { BatchQueue } from '../batch-queue.ts';
import type { BatchSite } from '../batch-site.ts';
import { goOn, type GoOn } from '../go-on.ts';
import { runBatch } from '../run-batch.ts';
import { type ProcessQueue, processQueue } from './process-queue.ts';

const engines = [recordingEngine];
const SLURM = 'slurm: {runtime: none, time: 10m}';

const unchanged = (queue: BatchQueue) => queue;

export interface RunMore {
  detach?: boolean;
  resume?: string;
  maxWorkers?: number;
  /** The login host, as the run has it. Default: the queue's. */
  host?: Host;
  /** Folder for runs on the cluster, as the settings have it. Default: the queue's. */
  remoteDir?: string;
  /** What stands before the queue. Default: nothing. */
  before?: (queue: BatchQueue) => BatchQueue;
  io?: Partial<Io>;
  stop?: (event: RunEvent, stop: AbortController) => void;
}

export interface LaterMore {
  host?: Host;
  before?: (queue: BatchQueue) => BatchQueue;
  io?: Partial<Io>;
  on?: (event: RunEvent, stop: AbortController) => void;
}

/** A queue of real processes, recipes for it, and runs on it. */
export interface BatchWorld {
  readonly root: string;
  readonly queue: ProcessQueue;
  tasksOf(yaml: string): Task[];
  /** A command in the shell; its `*.txt` are its results. */
  command(line: string, more?: string): Task[];
  run(
    list: Task[],
    more?: RunMore,
  ): Promise<{ outcome: Awaited<ReturnType<typeof runBatch>>; events: RunEvent[]; view: Awaited<ReturnType<typeof readRun>> }>;
  /** As another process does that has the run directory. */
  later(
    how: GoOn,
    dir: string,
    more?: LaterMore,
  ): Promise<{ outcome: Awaited<ReturnType<typeof goOn>>; view: Awaited<ReturnType<typeof readRun>> }>;
  close(): Promise<void>;
}

export async function batchWorld(): Promise<BatchWorld> {
  const root = await mkdtemp(join(tmpdir(), 'bench-batch-'));
  const queue = await processQueue(root, { usdPerGpuHour: 2 });
  const tasksOf = (yaml: string) => expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }, { engines }));
  const ioOf = (stop: AbortController, more: Partial<Io> = {}): Io => ({ ...createIo({ signal: stop.signal, connect }), ...more });
  return {
    root,
    queue,
    tasksOf,
    command: (line, more = '') => tasksOf(`command:\n  run: ${JSON.stringify(line)}\n  result_files: ['*.txt']\n${SLURM}\n${more}`),
    async run(list, more = {}) {
      const stop = new AbortController();
      const events: RunEvent[] = [];
      const { host = queue.site.host, remoteDir = queue.site.remoteDir, before = unchanged } = more;
      const site: BatchSite = { ...queue.site, host, remoteDir, queue: (run) => before(queue.site.queue(run)) };
      const outcome = await runBatch(
        {
          io: ioOf(stop, more.io),
          tasks: list,
          engines,
          root: join(root, 'runs'),
          folders: [],
          cwd: root,
          tools: {},
          asked: {
            recipes: [],
            site: 'slurm',
            filter: [],
            seed: 3,
            batch: { login: 'local', maxWorkers: more.maxWorkers ?? 4, keepS: 3600 },
          },
          batch: { site, detach: more.detach ?? false },
          ...(more.resume === undefined ? {} : { resume: more.resume }),
        },
        (event) => {
          events.push(event);
          more.stop?.(event, stop);
        },
      );
      return { outcome, events, view: await readRun(outcome.dir) };
    },
    async later(how, dir, more = {}) {
      const stop = new AbortController();
      const io = ioOf(stop, more.io);
      const writer = await RunWriter.open(dir, io);
      try {
        const outcome = await goOn(how, {
          writer,
          io,
          on: (event) => more.on?.(event, stop),
          host: more.host ?? queue.site.host,
          queue: (more.before ?? unchanged)(queue.site.queue({ id: writer.run.id, dir })),
        });
        return { outcome, view: await readRun(dir) };
      } finally {
        await writer.close();
      }
    },
    close: async () => {
      await queue.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
