import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Token } from 'node-llama-cpp';

import type { NativeContext, NativeSampler, SamplerSettings } from './native-context.ts';
import { makeSequences, type Sequence } from './sequences.ts';

/** A prompt to continue. */
export interface Job {
  /** At least one token. */
  prompt: readonly Token[];
  sampling: SamplerSettings;
  signal: AbortSignal;
  /** Takes the next token; false ends the job. */
  onToken(token: Token): boolean;
  /** Called after each token but the last, while the next batch is computed: the time to write to the client. */
  afterToken(): void;
}

export interface JobResult {
  /** Prompt tokens that were not evaluated because their keys and values were still there. */
  cachedTokens: number;
}

/** Continuous batching: jobs join and leave between any two steps, and those that found no sequence wait in line. */
export interface Batcher {
  readonly running: number;
  readonly waiting: number;
  /** Tokens of running jobs whose keys and values are in memory; prefixes that are kept for later ones are not counted. */
  readonly heldTokens: number;
  /** Rejects at once with the signal's reason when aborted; the sequence is free within one step. */
  run(job: Job): Promise<JobResult>;
  /** Forgets every stored prefix that no job is using. */
  resetPrefixCache(): void;
  /** Rejects what is left with `reason`, and waits until nothing is computed. */
  close(reason: Error): Promise<void>;
}

export interface BatcherOptions {
  native: NativeContext;
  makeSampler(settings: SamplerSettings): NativeSampler;
  parallel: number;
  /** The most tokens in one step. Long prompts are cut to fit beside what is generating. */
  batchSize: number;
  prefixCaching: boolean;
}

interface Task {
  job: Job;
  resolve(result: JobResult): void;
  /** Set when nobody waits for the answer any more. */
  readonly over: boolean;
  /** Rejects what is waited for; the sequence is given back before the next step. */
  fail(error: unknown): void;
}

interface Active {
  task: Task;
  sequence: Sequence;
  sampler: NativeSampler;
  cachedTokens: number;
  /** Tokens not yet in the sequence: the rest of the prompt, later the token sampled last. */
  next: readonly Token[];
}

interface Planned {
  active: Active;
  /** Where in the batch the logits for the next token are; none while the prompt goes on. */
  logitsAt: number | undefined;
}

export function makeBatcher({ native, makeSampler, parallel, batchSize, prefixCaching }: BatcherOptions): Batcher {
  const sequences = makeSequences({ native, count: parallel, prefixCaching });
  // A Set keeps the order of arrival and lets anyone leave from the middle at no cost.
  const queue = new Set<Task>();
  const active = new Set<Active>();
  let loop: Promise<void> | undefined;

  const finish = (one: Active): void => {
    active.delete(one);
    one.sampler.dispose();
    sequences.release(one.sequence);
    one.task.resolve({ cachedTokens: one.cachedTokens });
  };

  /** Ends what nobody wants any more and lets the next in line begin. */
  const admit = (): void => {
    for (const one of active) if (one.task.over) finish(one);
    for (const task of queue) {
      const { prompt, sampling } = task.job;
      const taken = sequences.take(prompt);
      if (!taken) return;
      queue.delete(task);
      try {
        active.add({ ...taken, task, sampler: makeSampler(sampling), next: prompt.slice(taken.cachedTokens) });
      } catch (error) {
        sequences.release(taken.sequence);
        task.fail(error);
      }
    }
  };

  /** Everyone who generates gets a place; prompts share the rest, first come first served. */
  const plan = (): Planned[] => {
    const chosen: { active: Active; take: number }[] = [];
    let room = batchSize;
    for (const one of active) {
      if (one.next.length === 1) {
        chosen.push({ active: one, take: 1 });
        room -= 1;
      }
    }
    for (const one of active) {
      if (one.next.length === 1 || room <= 0) continue;
      const take = Math.min(one.next.length, room);
      chosen.push({ active: one, take });
      room -= take;
    }
    // llama.cpp computes sequences together only where their ids follow each other; out of order, each token costs a quarter more.
    chosen.sort((a, b) => a.active.sequence.id - b.active.sequence.id);
    native.initBatch(batchSize - room);
    return chosen.map(({ active: one, take }) => {
      const tokens = one.next.slice(0, take);
      const complete = take === one.next.length;
      const logits = native.addToBatch(
        one.sequence.id,
        one.sequence.cells.length,
        Uint32Array.from(tokens),
        complete ? Uint32Array.of(take - 1) : new Uint32Array(),
      );
      one.sequence.cells.push(...tokens);
      one.next = one.next.slice(take);
      return { active: one, logitsAt: complete ? logits[0] : undefined };
    });
  };

  /** What one job does wrong must not end the others. */
  const guard = (one: Active, act: () => void): void => {
    try {
      act();
    } catch (error) {
      one.task.fail(error);
    }
  };

  const step = async (written: readonly Active[]): Promise<Active[]> => {
    const planned = plan();
    const decoding = native.decodeBatch();
    for (const one of written) {
      if (!one.task.over) guard(one, () => one.task.job.afterToken());
    }
    await decoding;
    const sampled = await Promise.all(
      planned.map(async ({ active: one, logitsAt }) =>
        logitsAt === undefined || one.task.over ? undefined : { one, token: await native.sampleToken(logitsAt, one.sampler) },
      ),
    );
    const goingOn: Active[] = [];
    for (const result of sampled) {
      if (!result || result.one.task.over) continue;
      const { one, token } = result;
      guard(one, () => {
        if (token === -1) throw new Error('llama.cpp sampled no token');
        if (one.task.job.onToken(token)) {
          one.next = [token];
          goingOn.push(one);
        } else finish(one);
      });
    }
    return goingOn;
  };

  const runLoop = async (): Promise<void> => {
    // Requests of the same moment begin in the same batch.
    await nextTurn();
    let written: Active[] = [];
    while (active.size > 0 || queue.size > 0) {
      try {
        admit();
        if (active.size > 0) written = await step(written);
      } catch (error) {
        // Which of the batch's cells exist is not known any more.
        written = [];
        for (const one of active) {
          one.task.fail(error);
          finish(one);
          sequences.forget(one.sequence);
        }
      }
    }
    loop = undefined;
  };

  return {
    get running() {
      return active.size;
    },
    get waiting() {
      return queue.size;
    },
    get heldTokens() {
      let held = 0;
      for (const { sequence } of active) held += sequence.cells.length;
      return held;
    },
    run(job) {
      return new Promise((resolve, reject) => {
        if (job.signal.aborted) return reject(job.signal.reason);
        const task = makeTask(job, { resolve, reject, onOver: () => queue.delete(task) });
        queue.add(task);
        loop ??= runLoop();
      });
    },
    resetPrefixCache: () => sequences.forgetIdle(),
    async close(reason) {
      for (const task of [...queue, ...[...active].map((one) => one.task)]) task.fail(reason);
      await loop;
    },
  };
}

interface TaskEnds {
  resolve(result: JobResult): void;
  reject(error: unknown): void;
  onOver(): void;
}

/** A job whose promise settles once: when it is done, fails, or its signal aborts. */
function makeTask(job: Job, { resolve, reject, onOver }: TaskEnds): Task {
  let over = false;
  const settle = (act: () => void): void => {
    if (over) return;
    over = true;
    job.signal.removeEventListener('abort', abort);
    onOver();
    act();
  };
  const abort = () => settle(() => reject(job.signal.reason));
  job.signal.addEventListener('abort', abort, { once: true });
  return {
    job,
    get over() {
      return over;
    },
    resolve: (result) => settle(() => resolve(result)),
    fail: (error) => settle(() => reject(error)),
  };
}
