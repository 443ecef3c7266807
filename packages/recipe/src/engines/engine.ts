import type { ApiKind, GpuVendor, Phase, StandardSchemaLike } from '@bench/core';
import type { LlmSettings } from '../schema/llm.ts';
import type { Model } from '../schema/model.ts';

/** Which kind of model an engine can load; the keys of a recipe's `model`. */
export type ModelSource = 'huggingface' | 'gguf' | 'random';

export interface LaunchInput {
  model: Model;
  /** `engine.llm` without the engines' own sections, defaults filled in. */
  llm: LlmSettings;
  /** `engine.llm.<name>` as the engine's own schema returned it. */
  settings: unknown;
  /** The port to listen on. */
  port: number;
  /** Where the weights lie on the machine, when they were fetched beforehand. Default: the engine finds them by the model's name. */
  modelPath?: string | undefined;
  /** Vendor of the GPUs, null for none. */
  gpu: GpuVendor | null;
  /**
   * `container`: `args` follow `entrypoint` (or the image's own). `process`: `args` follow the program that the site prepends, and
   * the server binds 127.0.0.1 unless `bind` says otherwise.
   */
  via: 'process' | 'container';
  /** Address that the server listens on. Default: 127.0.0.1 for a process, 0.0.0.0 in a container. Whoever asks for another asks for an API key too. */
  bind?: string | undefined;
}

export interface Launch {
  /** Absent when the engine has no image. */
  image?: string | undefined;
  /** Replaces the image's entrypoint. Absent: the image's own. */
  entrypoint?: string[] | undefined;
  args: string[];
  /** Added to the environment. Values are text or references to secrets; the site resolves those. */
  env: Record<string, EnvValue>;
}

/** A value of an environment variable: text, or the name of a secret that is read when the program starts and never written down. */
export type EnvValue = string | { from_env: string };

/** How an engine is started as a process on a machine that has it, and how to see whether a machine has it. */
export interface EngineProgram {
  /** Put before the arguments of {@link Engine.launch}; for a package, before them comes its script instead. */
  readonly argv: readonly [string, ...string[]];
  /**
   * What must be there: a command on the PATH, a Python module, or an npm package in the user's folders, whose script
   * (`bin`) answers `--handshake` with one line of JSON that holds `protocol` and `version`.
   */
  readonly needs: { command: string } | { pythonModule: string } | { nodePackage: string; bin: string; protocol: number };
  /** The one command that adds it. `platform` is Node's, `linux-x64`. */
  install(platform: string): string;
}

/** What an engine's image can do, for deployments in containers. */
export interface EngineContainer {
  /** A command in the image that succeeds when the server on this port is healthy; for `docker ps`, nothing waits for it. */
  health?(port: number): string[];
  /** What the image's own entrypoint starts, for runtimes that know of no entrypoints (Apptainer's `exec`, Charliecloud). Absent: it must be named by {@link Launch.entrypoint}. */
  program?: readonly [string, ...string[]];
  /** The image has Hugging Face's `hf` or `huggingface-cli` and a shell: weights are fetched by it before the engine starts. */
  fetchesWeights?: boolean;
  /** Variables that make it keep what it downloads below a folder. `HF_HOME` is set to that folder anyway. */
  cacheEnv?(folder: string): Record<string, string>;
  /**
   * How its server is given the key that it asks of clients: by a variable, or where it has none, by a flag before the key. Absent: it cannot
   * ask for one, and is not put where strangers reach it.
   */
  apiKey?: { env: string } | { flag: string };
}

/** What an engine's log line says: a phase that ended, or why it cannot start. */
export type EngineLogFact =
  | { kind: 'phase'; phase: Pick<Phase, 'name' | 'durationMs'> }
  | { kind: 'failure'; message: string; hint?: string | undefined };

/** An inference engine: data and small pure functions, so that a new one is one file. */
export interface Engine {
  /** Key under `engine.llm`: `vllm`. */
  readonly name: string;
  /** Schema of `engine.llm.<name>`. It must accept `{}`. */
  readonly settings: StandardSchemaLike;
  /** Kinds of model it can load. */
  readonly models: ReadonlySet<ModelSource>;
  /** Whether it loads the `model.revision` that is asked for. Absent: asking is an error of the recipe, for another one would be measured. */
  readonly revision?: boolean;
  /** Named fields of `engine.llm` that it obeys. Setting another one is an error of the recipe: it would be ignored. */
  readonly llmFields: ReadonlySet<keyof LlmSettings>;
  /** What the model can be asked to do. */
  readonly tasks: ReadonlySet<'generate' | 'embed'>;
  /** APIs that it serves beside OpenAI's chat, completions and embeddings. Asking for another one is an error of the recipe. Absent: none. */
  readonly moreApis?: ReadonlySet<ApiKind>;
  /** The image when the recipe names none; null: there is none for this vendor, and in a container the recipe must name one. */
  defaultImage(gpu: GpuVendor | null): string | null;
  /** The command line. Pure. */
  launch(input: LaunchInput): Launch;
  /** Started as a process by this. Absent: containers only. */
  readonly program?: EngineProgram;
  /** What its image can do. Absent: nothing is known of it. */
  readonly container?: EngineContainer;
  /** Flags that {@link launch} writes or that a named field stands for; refused in `extra_args`. */
  readonly reservedFlags: ReadonlySet<string>;
  /** Paths under the server's root. `resetCache` is called with POST. */
  readonly paths: { health: string; metrics?: string; tokenize?: string; resetCache?: string };
  /** What its OpenAI API understands. */
  readonly api: { tokenIdPrompts: boolean; ignoreEos: boolean; streamUsage: boolean };
  /** Reads one line of its log. */
  readLog?(line: string): EngineLogFact | undefined;
}
