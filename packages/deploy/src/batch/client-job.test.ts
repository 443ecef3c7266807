import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { API_KEY, batchNode, type BatchNode, closeBatchNodes } from './testing/batch-node.ts';

afterEach(closeBatchNodes);

const SERVER =
  'exec node -e \'require("node:http").createServer((q, r) => r.end("hello " + process.env.GREETING)).listen(Number(process.env.PORT))\'';

const recipe = (o: { clients?: object; service?: object; slurm?: object } = {}) =>
  JSON.stringify({
    service: { name: 'greeter', image: 'greeter:1', command: SERVER, port: 80, env: { GREETING: "it's $(you)" }, ...o.service },
    clients: o.clients ?? {
      load: {
        command:
          'node -e \'fetch(process.env.SERVICE_URL).then((r) => r.text()).then((t) => require("fs").writeFileSync(process.env.OUTPUT_DIR + "/answer", t))\'',
      },
    },
    slurm: { runtime: 'none', ...o.slurm },
  });

const output = (node: BatchNode, index: number, file: string) =>
  readFile(join(node.plan.record.folder, `clients/${index}/0`, file), 'utf8');

describe('the jobs of a service and its clients', () => {
  it('find each other, and the last client ends the service', async () => {
    const clients = {
      load: {
        replicas: 2,
        env: { NASTY: '"\'$(id)\n' },
        command: 'env -0 > "$OUTPUT_DIR/env"; echo "{\\"x\\": 1}" > "$BENCHMARK_OUTPUT_DIR/metrics.json"; sleep "$CLIENT_INDEX"',
      },
      last: { command: ['sh', '-c', 'echo "$0 $1" > "$OUTPUT_DIR/$CLIENT_NAME"', "it's", '$HOME'] },
    };
    const node = await batchNode(recipe({ clients }), { folder: "it's a folder" });
    expect(node.plan.record).toMatchObject({ kind: 'service', clients: 3, clientNames: ['load.0', 'load.1', 'last'] });
    // Clients may be there first.
    const jobs = [node.client(0), node.client(1)];
    await node.until('client.0.progress');
    const service = node.service();
    jobs.push(node.client(2));
    expect(await Promise.all([...jobs, service].map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    expect(await node.state('client.0.exit')).toMatchObject({ code: 0, reason: 'done' });
    expect(await node.state('service.exit')).toMatchObject({ reason: 'stopped: clients are done' });
    const env = Object.fromEntries(
      (await output(node, 1, 'env'))
        .split('\0')
        .slice(0, -1)
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { port, hosts } = await node.until('service.announced');
    expect(env).toMatchObject({
      SERVICE_NAME: 'greeter',
      SERVICE_PORT: String(port),
      SERVICE_URL: `http://${env.SERVICE_HOSTNAME}:${port}`,
      SERVICE_PASSWORD: API_KEY,
      BENCHMARK_ID: 'r123',
      BENCHMARK_OUTPUT_DIR: join(node.plan.record.folder, 'clients/1/0'),
      CLIENT_NAME: 'load.1',
      CLIENT_INDEX: '1',
      CLIENT_COUNT: '3',
      NASTY: '"\'$(id)\n',
    });
    expect(hosts).toContain(env.SERVICE_HOSTNAME);
    expect((await node.state('client.1.ready'))?.url).toBe(env.SERVICE_URL);
    expect(await output(node, 2, 'last')).toBe("it's $HOME\n");
    // No client writes into the folder of another.
    expect(await readdir(join(node.plan.record.folder, 'clients/2/0'))).toEqual(['last']);
  });

  it('give the service what it listens on, and its variables as they are', async () => {
    const node = await batchNode(recipe());
    const jobs = [node.service(), node.client(0)];
    await Promise.all(jobs.map(({ ended }) => ended));
    expect(await output(node, 0, 'answer')).toBe("hello it's $(you)");
    expect((await node.until('service.announced')).port).not.toBe(80);
  });

  it('end with their command’s code and last words, or for their time', async () => {
    const clients = {
      bad: { command: 'echo fine; echo "no such table" >&2; exit 7' },
      slow: { command: 'sleep 100 & wait', timeout: 1 },
      killed: { command: 'kill -KILL $$' },
    };
    const node = await batchNode(recipe({ clients }));
    const service = node.service();
    const jobs = [node.client(0), node.client(1), node.client(2)];
    expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual([7, 1, 137]);
    expect(await node.state('client.0.exit')).toMatchObject({ code: 7, reason: 'exited with code 7: no such table' });
    expect(await node.state('client.1.exit')).toMatchObject({ code: null, reason: 'did not end within 1 s and was ended' });
    expect(await node.state('client.2.exit')).toMatchObject({ code: 137, reason: 'was ended by SIGKILL' });
    expect(await node.read('clients/0/client.log')).toBe('fine\nno such table\n');
    expect(await service.ended).toBe(0);
  });

  it('of a service that dies end at once, with its reason', async () => {
    const node = await batchNode(
      recipe({
        service: {
          command:
            'node -e \'setTimeout(() => { console.log("out of \\"memory\\""); process.exit(5) }, 2500); require("node:http").createServer().listen(Number(process.env.PORT))\'',
        },
        clients: { load: { command: 'sleep 100' } },
      }),
    );
    const service = node.service();
    const client = node.client(0);
    expect(await client.ended).toBe(1);
    expect(await service.ended).toBe(1);
    expect(await node.state('client.0.exit')).toMatchObject({
      code: null,
      reason: 'the service is over: the engine exited with code 5: out of "memory"',
    });
  });

  it.each([
    ['SIGTERM', 'cancelled', 130],
    ['SIGUSR1', 'time limit', 124],
  ] as const)('told by %s let their command end', async (signal, reason, code) => {
    const node = await batchNode(
      recipe({
        clients: {
          load: {
            command: 'trap "echo flushed > $OUTPUT_DIR/flushed; exit 0" TERM; echo > "$OUTPUT_DIR/begun"; while :; do sleep 0.1; done',
          },
        },
      }),
    );
    const service = node.service();
    const client = node.client(0);
    await expect.poll(() => output(node, 0, 'begun').catch(() => null), { timeout: 20_000 }).toBe('\n');
    client.signal(signal);
    expect(await client.ended).toBe(code);
    expect(await output(node, 0, 'flushed')).toBe('flushed\n');
    expect(await node.state('client.0.exit')).toMatchObject({ code: null, reason });
    expect(await service.ended).toBe(0);
  });

  it('leave no variable on their node’s disk, which a job that is killed would not remove', async () => {
    const node = await batchNode(
      recipe({
        service: { prepare: 'test -n "$SERVICE_PASSWORD"' },
        clients: { load: { command: 'echo "$SERVICE_PASSWORD" > "$OUTPUT_DIR/begun"; exec sleep 100' } },
      }),
    );
    const jobs = [node.service(), node.client(0)];
    await expect.poll(() => output(node, 0, 'begun').catch(() => null), { timeout: 30_000 }).toBe(`${API_KEY}\n`);
    expect(await node.holding(API_KEY)).toEqual([]);
    await node.write('state/stop', '{"atMs":1,"reason":"torn down"}');
    await Promise.all(jobs.map(({ ended }) => ended));
  });

  it('wait for a service no longer than they are told to', async () => {
    const node = await batchNode(recipe(), { timing: { serviceS: 1 } });
    expect(await node.client(0).ended).toBe(1);
    expect(await node.state('client.0.exit')).toMatchObject({ code: null, reason: 'the service was not ready within 1 s' });
    expect(await node.state('client.0.progress')).toMatchObject({ phase: 'waiting for the service' });
  });

  it('prepare the service once it is ready, before any client', async () => {
    const node = await batchNode(
      recipe({ service: { prepare: 'test -n "$SERVICE_PASSWORD" && echo $GREETING > /dev/null && echo prepared && exit 3' } }),
    );
    expect(await node.service().ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe('service.prepare exited with code 3: prepared');
    expect(await node.state('service.ready')).toBeNull();
  });

  it.each([
    [{ ready: { log: 'I am [up]' }, command: `echo "I am [up]"; ${SERVER}` }, 0, 'stopped: clients are done'],
    [{ ready: { log: 'never said', timeout: 1 } }, 1, /^the engine was not ready within 1 s: no line of its log holds "never said"/],
    [{ ready: { http: '/any' } }, 0, 'stopped: clients are done'],
    [
      { command: 'sleep 100', port: 80, ready: { tcp: true, timeout: 1 } },
      1,
      /^port 80 of gpu0|not ready within 1 s: nobody listens on port 80$/,
    ],
  ])('are ready as the recipe says: %j', async (service, code, reason) => {
    const node = await batchNode(recipe({ service }));
    const jobs = [node.service(), node.client(0)];
    expect((await Promise.all(jobs.map(({ ended }) => ended)))[0]).toBe(code);
    expect((await node.state('service.exit'))?.reason).toEqual(
      typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string),
    );
  });

  it('a service without clients is over once it is ready: nobody would end it', async () => {
    const node = await batchNode(recipe({ clients: {} }));
    expect(await node.service().ended).toBe(0);
    expect(await node.state('service.ready')).not.toBeNull();
    expect((await node.state('service.exit'))?.reason).toBe('stopped: it has no clients');
  });

  it('that need a port of their own say when it is taken', async () => {
    const { createServer } = await import('node:http');
    const other = createServer().listen(0);
    const { port } = other.address() as { port: number };
    const node = await batchNode(recipe({ service: { command: ['sleep', '100'], port } }));
    expect(await node.service().ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe(
      `port ${port} of gpu0 is taken by another program: have the service listen on $PORT`,
    );
    other.close();
  });
});

describe('the job of a load client', () => {
  const of = (slurm: object) =>
    JSON.stringify({ model: { huggingface: 'org/m' }, engine: { llm: { noded: {} } }, slurm: { runtime: 'none', ...slurm } });
  const yaml = of({ clients: { count: 2 } });
  /** Stands for the load generator: says what it was given, then does as the last line says. */
  async function client(lines: string, jobs = yaml) {
    const folder = await mkdtemp(join(tmpdir(), "bench load'client-"));
    const file = join(folder, 'load client.mjs');
    await writeFile(
      file,
      `import { writeFileSync, renameSync } from 'node:fs';
const dep = process.argv[3];
const tell = (name, json) => { writeFileSync(dep + '/state/.' + name, JSON.stringify({ atMs: 1, ...json })); renameSync(dep + '/state/.' + name, dep + '/state/' + name); };
console.log(JSON.stringify(process.argv.slice(2)));
${lines}`,
    );
    return {
      file,
      node: await batchNode(jobs, { loadClient: { node: process.execPath, file } }),
      close: () => rm(folder, { recursive: true }),
    };
  }

  it('runs the load generator, whose word on its end counts', async () => {
    const { node, close } = await client(`tell('client.' + process.argv[5] + '.exit', { code: 0, reason: 'all points are done' });`);
    expect(await node.client(0).ended).toBe(0);
    expect(await node.state('client.0.running')).toMatchObject({ node: 'gpu0' });
    expect(await node.state('client.0.exit')).toEqual({ atMs: 1, code: 0, reason: 'all points are done' });
    expect(JSON.parse(await node.read('clients/0/client.log'))).toEqual(['--batch', node.plan.record.folder, '--client', '0', '--of', '2']);
    expect(await node.state('stop')).toBeNull();
    expect(await node.client(1).ended).toBe(0);
    expect(await node.state('stop')).toMatchObject({ reason: 'clients are done' });
    await close();
  });

  it('speaks for a load generator that ends without a word', async () => {
    const { node, close } = await client('console.error("no such\\nlibrary"); process.exit(9);');
    expect(await node.client(1).ended).toBe(9);
    expect(await node.state('client.1.exit')).toMatchObject({ code: 9, reason: 'the load client exited with code 9: library' });
    await close();
  });

  it.each([
    ['SIGTERM', 'cancelled', 130],
    ['SIGUSR1', 'time limit', 124],
  ] as const)('lets it write what there is when told by %s', async (signal, reason, code) => {
    const { node, close } = await client(
      `process.on('SIGTERM', () => { tell('client.0.ready', { url: 'flushed' }); process.exit(0); }); setInterval(() => {}, 1000); tell('client.0.progress', { beat: 1, phase: 'x', order: null, orders: 1 });`,
    );
    const job = node.client(0);
    await node.until('client.0.progress', job);
    job.signal(signal);
    expect(await job.ended).toBe(code);
    expect(await node.state('client.0.ready')).toMatchObject({ url: 'flushed' });
    expect(await node.state('client.0.exit')).toMatchObject({ code: null, reason });
    await close();
  });

  it('ends it by its own clock where the job has little time', async () => {
    const { node, close } = await client('setInterval(() => {}, 1000);', of({ time_limit: 4 }));
    expect(await node.client(0).ended).toBe(124);
    expect(await node.state('client.0.exit')).toMatchObject({ code: null, reason: 'time limit' });
    await close();
  });
});
