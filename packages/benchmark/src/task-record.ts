import { adaptivePoints, type Task } from '@bench/recipe';
import type { PointEntry, RunWriter, TaskFile } from '@bench/results';
import { stringify } from 'yaml';
import type { ErrorFacts } from './error-facts.ts';
import { parsePointKey, type RunState } from './run-state.ts';
import { searchFile } from './search/adaptive-work.ts';
import { missingPoints } from './work-list.ts';

/** A task's `result.json`, kept in step with what happens. */
export class TaskRecord {
  readonly task: Task;
  readonly attempt: number;
  readonly #writer: RunWriter;
  readonly #state: RunState;
  #file: TaskFile;

  private constructor(task: Task, attempt: number, writer: RunWriter, state: RunState, file: TaskFile) {
    this.task = task;
    this.attempt = attempt;
    this.#writer = writer;
    this.#state = state;
    this.#file = file;
  }

  /** With the points that earlier attempts finished, as the journal tells. */
  static async open({ task, writer, state }: { task: Task; writer: RunWriter; state: RunState }): Promise<TaskRecord> {
    const points: PointEntry[] = [];
    for (const [key, { attempt, path }] of state.finished) {
      const { task: of, point, repeat } = parsePointKey(key);
      if (of === task.key) points.push({ attempt, point, repeat, path, status: 'ok', error: null });
    }
    const deploy = task.resolved.deploy;
    await writer.taskRecipe(task, stringify(task.resolved));
    const record = new TaskRecord(task, (state.attempts.get(task.key) ?? 0) + 1, writer, state, {
      schemaVersion: 1,
      recipe: task.recipe,
      variant: task.variant,
      key: task.key,
      kind: task.kind,
      params: task.params,
      gpu: { name: deploy?.gpu ?? null, count: deploy?.gpu === undefined ? 0 : (deploy.gpu_count ?? 1) },
      status: missingPoints(task, state).length === 0 ? 'done' : 'pending',
      deployment: state.servedBy.get(task.key) ?? null,
      machine: state.machineOf.get(task.key) ?? null,
      points,
      error: null,
    });
    // The journal knows more than the file when an earlier process died between the two.
    await record.#save({});
    return record;
  }

  async begin(deployment: string, machine: number): Promise<void> {
    const { recipe, variant, key } = this.task;
    await this.#writer.event({ type: 'attempt_started', recipe, variant, key, attempt: this.attempt, deployment });
    // As the journal would tell the next process: a task that is begun again on another machine is another attempt.
    this.#state.attempts.set(key, this.attempt);
    this.#state.servedBy.set(key, deployment);
    this.#state.machineOf.set(key, machine);
    await this.#save({ status: 'running', deployment, machine });
  }

  /** `last`: `end` comes next, and writes it down. */
  async point(entry: Omit<PointEntry, 'attempt'>, { last }: { last: boolean }): Promise<void> {
    const change = { points: [...this.#file.points, { ...entry, attempt: this.attempt }] };
    if (last) this.#file = { ...this.#file, ...change };
    else await this.#save(change);
  }

  async end(status: 'done' | 'failed' | 'interrupted'): Promise<void> {
    const { recipe, variant, key } = this.task;
    await this.#writer.event({ type: 'task_finished', recipe, variant, key, status });
    await this.#save({ status });
  }

  /** Ends a task whose deployment did not come up; null: because the run was interrupted. */
  async fail(failure: ErrorFacts | null): Promise<void> {
    await this.#save({ error: failure });
    await this.end(failure === null ? 'interrupted' : 'failed');
  }

  async #save(change: Partial<TaskFile>): Promise<void> {
    const search = searchFile(adaptivePoints(this.task), this.task, this.#state);
    this.#file = { ...this.#file, ...change, ...(search ? { search } : {}) };
    await this.#writer.task(this.#file);
  }
}
