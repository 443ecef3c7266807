import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';

export interface EmbedderOptions {
  model: LlamaModel;
  contextLength: number;
  threads: number;
}

/** Makes embeddings one after another on a context of its own, which the first request creates. */
export interface Embedder {
  embed(inputs: readonly (readonly Token[])[], signal: AbortSignal): Promise<number[][]>;
  close(): Promise<void>;
}

export function makeEmbedder({ model, contextLength, threads }: EmbedderOptions): Embedder {
  let context: Promise<LlamaEmbeddingContext> | undefined;
  const open = () => (context ??= model.createEmbeddingContext({ contextSize: contextLength + 1, batchSize: contextLength + 1, threads }));
  return {
    async embed(inputs, signal) {
      const embedding = await open();
      const vectors: number[][] = [];
      for (const input of inputs) {
        signal.throwIfAborted();
        const { vector } = await embedding.getEmbeddingFor([...input]);
        vectors.push(unit(vector));
      }
      return vectors;
    },
    async close() {
      await (await context)?.dispose();
    },
  };
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}
