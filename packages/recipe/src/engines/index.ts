import { embedded } from './embedded.ts';
import type { Engine } from './engine.ts';
import { llamacpp } from './llamacpp.ts';
import { sglang } from './sglang.ts';
import { vllm } from './vllm.ts';

/** The engines that come with `@bench`. Pass them, and those of plugins, to whatever takes `engines`. */
export const BUILTIN_ENGINES: readonly Engine[] = [vllm, sglang, llamacpp, embedded];
