import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { API_KEY, batchNode, closeBatchNodes } from './testing/batch-node.ts';

afterEach(closeBatchNodes);
const yaml = (mode = 'good', extra = '') =>
  `model: {huggingface: org/m}\nengine: {llm: {noded: {mode: ${mode}}}}\nslurm: {runtime: none}\n${extra}`;

describe('the job of a service', () => {
  it('tells each step, is ready, and ends when told to', async () => {
    const node = await batchNode(yaml());
    const job = node.service();
    const ready = await node.until('service.ready', job);
    const running = await node.until('service.running');
    expect(running).toMatchObject({ node: 'gpu0', jobId: expect.stringMatching(/^4\d+$/) as string });
    const { hosts, port } = await node.until('service.announced');
    expect(hosts[0]).toBe('gpu0');
    const states = [
      running,
      await node.until('service.image'),
      await node.until('service.announced'),
      await node.until('service.listening'),
      ready,
    ];
    expect(states.map(({ atMs }) => atMs)).toEqual(states.map(({ atMs }) => atMs).sort((a, b) => a - b));
    const refused = await fetch(`http://127.0.0.1:${port}/`);
    expect(refused.status).toBe(401);
    await refused.text();
    await node.write('state/stop', '{"atMs":1,"reason":"clients are \\"done\\""}\n');
    expect(await job.ended).toBe(0);
    expect(await node.state('service.exit')).toMatchObject({ code: 0, reason: 'stopped: clients are "done"' });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    expect(await node.read('engine.log')).toBe('starting good\ngot TERM\n');
    expect(job.output()).not.toContain(API_KEY);
  });
});
void createServer;
