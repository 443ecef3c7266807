import { createServer } from 'node:http';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchClientPlanSchema } from '@bench/core';
import { expect, it } from 'vitest';
import { deploymentFiles } from './deployment-files.ts';
import { reachService } from './reach-service.ts';

it('a service that is announced again, with another port, before it is ready is reached there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-reach-'));
  await mkdir(join(folder, 'state'));
  const tell = async (name: string, state: object) => {
    await writeFile(join(folder, 'state', `.${name}`), JSON.stringify({ atMs: 1, ...state }));
    await rename(join(folder, 'state', `.${name}`), join(folder, 'state', name));
  };
  const server = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const phases: string[] = [];
  const heart = { at: (phase: string) => void phases.push(phase), log: () => undefined } as unknown as Parameters<
    typeof reachService
  >[0]['heart'];
  const plan = batchClientPlanSchema.parse({ version: 1, model: 'm', healthPath: '/health', orders: 0, pollMs: 5, readyTimeoutMs: 20_000 });
  await tell('service.announced', { hosts: ['127.0.0.1'], port: 9 });
  const reached = reachService({ files: deploymentFiles(folder, 0), plan, apiKey: undefined, heart, signal: AbortSignal.timeout(20_000) });
  await expect.poll(() => phases.at(-1)).toMatch(/ready/);
  await tell('service.announced', { hosts: ['127.0.0.1'], port });
  await tell('service.ready', {});
  expect(await reached).toBe(`http://127.0.0.1:${port}`);
  server.close();
  await rm(folder, { recursive: true });
});
