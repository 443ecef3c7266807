import { minioClients, minioService } from './minio.ts';
import { nginxClients, nginxService } from './nginx.ts';
import { ollamaClients, ollamaService } from './ollama.ts';
import { postgresClients, postgresService } from './postgres.ts';
import type { ClientPreset, ServicePreset } from './preset.ts';
import { redisClients, redisService } from './redis.ts';
import { chromaClients, chromaService, qdrantClients, qdrantService } from './vector-databases.ts';
import { vllmClients, vllmService } from './vllm.ts';

/** Kinds of service that `service.preset` may name. */
export const SERVICE_PRESETS: readonly ServicePreset[] = [
  vllmService,
  ollamaService,
  postgresService,
  redisService,
  minioService,
  chromaService,
  qdrantService,
  nginxService,
];

/** Kinds of client that `clients.<name>.preset` may name. */
export const CLIENT_PRESETS: readonly ClientPreset[] = [
  ...vllmClients,
  ...ollamaClients,
  ...postgresClients,
  ...redisClients,
  ...minioClients,
  ...chromaClients,
  ...qdrantClients,
  ...nginxClients,
];
