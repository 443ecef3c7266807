import { command } from './command.ts';
import { embedding } from './embedding.ts';
import { service } from './service.ts';
import { sglang } from './sglang.ts';
import { sweep } from './sweep.ts';
import type { Template } from './template.ts';
import { tinyCpu } from './tiny-cpu.ts';
import { vllm } from './vllm.ts';

/** Every recipe that `bench init` can write. */
export const TEMPLATES: readonly Template[] = [tinyCpu, vllm, sglang, sweep, embedding, command, service];
