import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';

export interface EmbedderOptions {
  model: LlamaModel;
  contextLength: number;
  threads: number;
  /** Told of the tokens of each input that was computed. */
  onTokens(count: number): void;
}

/** Makes embeddings one after another on a context of its own, which the first request creates. */
export interface Embedder {
  readonly running: number;
  readonly waiting: number;
  embed(inputs: readonly (readonly Token[])[], signal: AbortSignal): Promise<number[][]>;
  close(): Promise<void>;
}

export function makeEmbedder({ model, contextLength, threads, onTokens }: EmbedderOptions): Embedder {
  let context: Promise<LlamaEmbeddingContext> | undefined;
  const open = () => (context ??= model.createEmbeddingContext({ contextSize: contextLength + 1, batchSize: contextLength + 1, threads }));
  let requests = 0;
  let last: Promise<unknown> = Promise.resolve();

  const compute = async (inputs: readonly (readonly Token[])[], signal: AbortSignal): Promise<number[][]> => {
    const vectors: number[][] = [];
    for (const input of inputs) {
      signal.throwIfAborted();
      const { vector } = await (await open()).getEmbeddingFor([...input]);
      onTokens(input.length);
      vectors.push(unit(vector));
    }
    return vectors;
  };

  return {
    get running() {
      return Math.min(requests, 1);
    },
    get waiting() {
      return Math.max(requests - 1, 0);
    },
    async embed(inputs, signal) {
      requests += 1;
      const mine = last.then(() => compute(inputs, signal));
      last = mine.catch(() => {});
      try {
        return await mine;
      } finally {
        requests -= 1;
      }
    },
    async close() {
      await last;
      await (await context)?.dispose();
    },
  };
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}
