import type { ApiKind } from '@bench/core';
import type { Api } from './api.ts';
import { chat } from './chat.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { llamacpp } from './llamacpp.ts';
import { messages } from './messages.ts';
import { ollama } from './ollama.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';
import { tgi } from './tgi.ts';

const APIS: Readonly<Record<ApiKind, Api>> = {
  chat,
  completions,
  embeddings,
  responses,
  messages,
  ollama,
  tgi,
  llamacpp,
  rerank,
};

export function apiOf(kind: ApiKind): Api {
  return APIS[kind];
}
