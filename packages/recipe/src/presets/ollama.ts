import { z } from 'zod';
import { repeatedRequest } from './http-client.ts';
import { clientPreset, servicePreset, variables } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);
const model = z.string().regex(/^[\w.:/-]+$/, { error: 'a name of the Ollama library looks like "llama3.2:1b"' });

export const ollamaService = servicePreset({
  name: 'ollama',
  description: 'Ollama. The model is pulled once the server answers. It has no access control: anyone on its network may ask.',
  settings: z.strictObject({ model }),
  render: (s) => ({
    image: 'ollama/ollama:latest',
    command: 'export OLLAMA_HOST="0.0.0.0:$PORT"\nexport OLLAMA_MODELS="${OLLAMA_MODELS:-/tmp/ollama}"\nexec ollama serve\n',
    port: 11434,
    env: variables(s),
    ready: { http: '/api/tags' },
    prepare: 'OLLAMA_HOST="127.0.0.1:$PORT" ollama pull "$MODEL"\n',
  }),
});

const generate = (s: { model: string; prompt: string; max_tokens: number; num_requests: number }, concurrency: number) =>
  repeatedRequest({
    operation: 'generate',
    path: '/api/generate',
    body: { model: s.model, prompt: s.prompt, stream: false, options: { num_predict: s.max_tokens } },
    requests: s.num_requests,
    concurrency,
    timeoutS: 600,
  });

export const ollamaClients = [
  clientPreset({
    name: 'ollama_smoke',
    service: 'ollama',
    description: 'A few answers, one after another; fails when none succeeds.',
    settings: z.strictObject({ model, prompt: z.string().min(1).default('Hello'), max_tokens: count(16), num_requests: count(3) }),
    render: (s) => generate(s, 1),
  }),
  clientPreset({
    name: 'ollama_stress',
    service: 'ollama',
    description: 'Answers to one prompt, several at once.',
    settings: z.strictObject({
      model,
      prompt: z.string().min(1).default('Write a short story.'),
      max_tokens: count(64),
      num_requests: count(50),
      concurrent_requests: count(4),
    }),
    render: (s) => generate(s, s.concurrent_requests),
  }),
];
