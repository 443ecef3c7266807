import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type GapList,
  type Io,
  type LoadPointResult,
  makeFolder,
  type PointResult,
  type PointTelemetry,
  type RequestRecord,
  type SeriesRow,
  syncFolder,
  writeAtomic,
  writeSynced,
} from '@bench/core';
import { encodeGaps } from './formats/gaps.ts';
import { encodeRecords } from './formats/records.ts';
import { encodeTelemetry } from './formats/telemetry.ts';
import { renderVllmText } from './formats/vllm-write.ts';
import { GroupLogs } from './group-logs.ts';
import { Journal } from './journal.ts';
import type { JournalEvent } from './journal-events.ts';
import { lockRun, type RunLock } from './lock.ts';
import { paths } from './paths.ts';
import { readRunFile } from './read-run-file.ts';
import {
  type DeploymentFile,
  type MachineFile,
  type PlannedTask,
  type RunFile,
  type RunStatus,
  SCHEMA_VERSION,
  type TaskFile,
} from './run-file.ts';
import { newRunId } from './run-id.ts';

export interface NewRun {
  /** Folder that holds runs; the run's own is made in it. */
  root: string;
  asked: RunFile['asked'];
  tasks: PlannedTask[];
  /** Versions of what made the run, by name. */
  tools: Record<string, string>;
}

export interface MeasuredPoint {
  recipe: string;
  variant: string;
  attempt: number;
  result: PointResult;
  records: RequestRecord[];
  gaps: GapList[];
  series: SeriesRow[];
  /** Absent: nothing was sampled, and there is no file. */
  telemetry?: readonly PointTelemetry[];
}

/** Where a point belongs. */
export interface PointPlace {
  recipe: string;
  variant: string;
  attempt: number;
  point: number;
  repeat: number;
}

/**
 * The one writer of a run directory. Every file is written whole or not at all, a point's folder appears only when it is
 * complete, and what a method has written is on disk when it resolves: a power cut takes nothing of it back.
 */
export class RunWriter {
  readonly dir: string;
  readonly #lock: RunLock;
  readonly #journal: Journal;
  #run: RunFile;
  /** Folders that {@link pointFolder} made in this process. */
  readonly #prepared = new Set<string>();
  readonly #groups: GroupLogs;

  private constructor(dir: string, run: RunFile, lock: RunLock, journal: Journal, now: () => number) {
    this.dir = dir;
    this.#run = run;
    this.#lock = lock;
    this.#journal = journal;
    this.#groups = new GroupLogs((group) => paths.groupLog(dir, group), now);
  }

  /**
   * Makes a run directory with a new id.
   * @throws BenchError `BENCH_UNSAFE_NAME` for a recipe or variant that cannot be a folder's name; nothing is made then.
   */
  static async create(options: NewRun, io: Pick<Io, 'now' | 'monotonic' | 'random'>): Promise<RunWriter> {
    const id = newRunId(io.random);
    const dir = join(options.root, id);
    for (const task of options.tasks) paths.task(dir, task.recipe, task.variant);
    await makeFolder(options.root);
    await mkdir(dir);
    await syncFolder(options.root);
    const lock = await lockRun(paths.lock(dir));
    const run: RunFile = {
      schemaVersion: SCHEMA_VERSION,
      id,
      createdAt: new Date(io.now()).toISOString(),
      endedAt: null,
      status: 'running',
      exitCode: null,
      tools: options.tools,
      asked: options.asked,
      tasks: options.tasks,
    };
    await writeJson(paths.run(dir), run);
    return new RunWriter(dir, run, lock, await Journal.open(paths.journal(dir), io), io.now);
  }

  /**
   * Takes a run directory up again, for resume. `run.json` stays as it is until {@link reopen}, so that a resume which is refused
   * changes nothing.
   * @throws BenchError `BENCH_RUN_BUSY`, `BENCH_RUN_NOT_FOUND`, `BENCH_RUN_TOO_NEW`.
   */
  static async open(dir: string, io: Pick<Io, 'now' | 'monotonic'>): Promise<RunWriter> {
    await readRunFile(dir);
    const lock = await lockRun(paths.lock(dir));
    try {
      // Read again: until the lock was ours another writer may have ended the run.
      return new RunWriter(dir, await readRunFile(dir), lock, await Journal.open(paths.journal(dir), io), io.now);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** `run.json` as it was read or last written. */
  get run(): RunFile {
    return this.#run;
  }

  /** Marks a run that was taken up again as running. Called once nothing can refuse the resume any more. */
  async reopen(): Promise<void> {
    await this.#write({ ...this.#run, status: 'running', endedAt: null, exitCode: null });
  }

  /** Resolves when the event is on disk. */
  event(event: JournalEvent): Promise<void> {
    return this.#journal.append(event);
  }

  async machine(n: number, file: MachineFile): Promise<void> {
    await writeJson(join(paths.machine(this.dir, n), 'machine.json'), file);
  }

  /** Adds a line to an execution group's own log, `groups/<n>.log`, in the order of the calls. */
  groupLine(group: number, line: string): Promise<void> {
    return this.#groups.line(group, line);
  }

  /** Keeps what a recipe's `aggregate` printed; the path is the answer. */
  async aggregateLog(recipe: string, text: string): Promise<string> {
    const path = paths.aggregateLog(this.dir, recipe);
    await writeAtomic(path, text);
    return path;
  }

  /** Remembers the host keys that were accepted for the run. */
  async knownHosts(text: string): Promise<void> {
    await writeAtomic(paths.knownHosts(this.dir), text, 0o600);
  }

  /** The folder of a deployment's rendered files and engine log; made when missing. */
  async deploymentDir(id: string): Promise<string> {
    const dir = paths.deployment(this.dir, id);
    await makeFolder(dir);
    return dir;
  }

  async deployment(file: DeploymentFile): Promise<void> {
    await writeJson(join(paths.deployment(this.dir, file.id), 'deployment.json'), file);
  }

  async task(file: TaskFile): Promise<void> {
    await writeJson(join(paths.task(this.dir, file.recipe, file.variant), 'result.json'), file);
  }

  async taskRecipe(task: { recipe: string; variant: string }, yamlText: string): Promise<void> {
    await writeAtomic(join(paths.task(this.dir, task.recipe, task.variant), 'recipe.yaml'), yamlText);
  }

  /**
   * An empty folder for what a point's own clients or command leave. {@link point} makes it the point's, {@link failedPoint} keeps
   * it beside where the point would be.
   */
  async pointFolder(where: PointPlace): Promise<string> {
    const temporary = `${this.#pointDir(where)}.partial`;
    if (!(await makeFolder(temporary))) {
      await rm(temporary, { recursive: true, force: true });
      await makeFolder(temporary);
    }
    this.#prepared.add(temporary);
    return temporary;
  }

  /** Keeps what a point left that cannot be counted; its path below the task's folder, or '' when it left nothing. */
  async failedPoint(where: PointPlace): Promise<string> {
    const temporary = `${this.#pointDir(where)}.partial`;
    this.#prepared.delete(temporary);
    const left = await readdir(temporary).catch(() => []);
    if (left.length === 0) {
      await rm(temporary, { recursive: true, force: true });
      return '';
    }
    const path = `${paths.point(where.attempt, where.point, where.repeat)}.failed`;
    const final = join(paths.task(this.dir, where.recipe, where.variant), path);
    await rm(final, { recursive: true, force: true });
    await rename(temporary, final);
    return path;
  }

  #pointDir({ recipe, variant, attempt, point, repeat }: PointPlace): string {
    return join(paths.task(this.dir, recipe, variant), paths.point(attempt, point, repeat));
  }

  /** Stores a measured point, with what is in its {@link pointFolder}; its path below the task's folder is the answer. */
  async point(measured: MeasuredPoint): Promise<string> {
    const { result, telemetry = [] } = measured;
    const path = paths.point(measured.attempt, result.point, result.repeat);
    const final = join(paths.task(this.dir, measured.recipe, measured.variant), path);
    const temporary = `${final}.partial`;
    // What an earlier process left half-written is not the point's.
    if (!this.#prepared.delete(temporary)) await this.pointFolder({ ...measured, point: result.point, repeat: result.repeat });
    this.#prepared.delete(temporary);
    // Together, so that one flush of the disk does for all.
    await Promise.all([
      writeSynced(join(temporary, 'requests.jsonl.gz'), encodeRecords(measured.records)),
      writeSynced(join(temporary, 'gaps.bin.gz'), encodeGaps(measured.gaps)),
      writeSynced(join(temporary, 'series.json'), JSON.stringify(measured.series)),
      ...(telemetry.length > 0 ? [writeSynced(join(temporary, 'telemetry.jsonl.gz'), encodeTelemetry(telemetry))] : []),
      // vLLM's text tells of a load; a client of the recipe's own has none.
      ...(isLoadPoint(result) ? [writeSynced(join(temporary, 'benchmark.txt'), renderVllmText(result))] : []),
      writeSynced(join(temporary, 'result.json'), `${JSON.stringify(result, null, 1)}\n`),
    ]);
    await syncFolder(temporary);
    await rename(temporary, final).catch(async (error: unknown) => {
      // A folder takes the place of another one only when that is empty.
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await rm(final, { recursive: true, force: true });
      await rename(temporary, final);
    });
    await syncFolder(dirname(final));
    return path;
  }

  async finish(status: Exclude<RunStatus, 'running'>, exitCode: number, endedAt: number): Promise<void> {
    await this.event({ type: 'run_finished', status, exitCode });
    await this.#write({ ...this.#run, status, exitCode, endedAt: new Date(endedAt).toISOString() });
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#lock.release();
  }

  async #write(run: RunFile): Promise<void> {
    await writeJson(paths.run(this.dir), run);
    this.#run = run;
  }
}

function isLoadPoint(result: PointResult): result is LoadPointResult {
  return result.load !== null && result.tokenSources !== null;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(value, null, 1)}\n`);
}
