import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun } from '@bench/results';
import { leftovers, type LoginShell, type Machine, nodeImage, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder } from './cli.ts';

const parts = ['netns', 'sshd', 'docker', 'compose', 'tcsh', 'fish'].map((name) => part(name));
const missing = parts.find((p) => !p.present);
const SHELLS: LoginShell[] = ['bash', 'tcsh', 'fish'];

/** What a shell, compose or nginx would make something of. `touch` leaves a trace where it is ever run. */
const NASTY = [
  `it's "quoted" \\ and \`touch /tmp/pwned-1\``,
  '$(touch /tmp/pwned-2) ${HOME} $HOME $$ !history %h {a,b} *',
  'two\nlines; rm -rf /tmp/precious\n',
  '; touch /tmp/pwned-3 && true | cat # é 漢 🙂',
].join('\t');

let root: string;
const machines = new Map<LoginShell, Machine>();

/** An engine-like server: it answers what bench asks, and shows what it was started with at /seen. */
const SERVER = String.raw`
const fs = require('node:fs');
require('node:http').createServer((request, response) => {
  if (request.url === '/seen') return response.end(JSON.stringify({ argv: process.argv.slice(1), env: process.env }));
  response.end('ok');
}).listen(8080, () => console.log('listening'));
`;

/** Stands for vLLM's server: tells in its log what it was started with, and answers as an OpenAI server would. */
const ENGINE = String.raw`
console.log('seen ' + JSON.stringify({ argv: process.argv.slice(1), env: process.env }));
const { createServer } = require('node:http');
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (!request.url.startsWith('/v1/')) return response.end('ok');
  console.log('asked ' + body);
  const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
  if (!body.includes('"stream":true')) return response.end(JSON.stringify({ choices: [{ message: { content: '4' }, finish_reason: 'stop' }], usage }));
  response.setHeader('content-type', 'text/event-stream');
  const event = (choices, more) => response.write('data: ' + JSON.stringify({ choices, ...more }) + '\n\n');
  for (const content of ['a', 'b']) event([{ index: 0, delta: { content } }]);
  event([{ index: 0, delta: {}, finish_reason: 'stop' }]);
  event([], { usage });
  response.end('data: [DONE]\n\n');
}).listen(port, '0.0.0.0');
`;
const DOCKERFILE = `FROM nasty:1
RUN printf '#!/bin/sh\\nexit 0\\n' > /usr/local/bin/hf && chmod +x /usr/local/bin/hf
ENTRYPOINT ["node", "-e", ${JSON.stringify(ENGINE)}, "--"]
`;

async function write(name: string, recipe: unknown): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'recipe.yaml'), stringify(recipe));
  return dir;
}

async function run(shell: LoginShell, dir: string, out: string) {
  const machine = machines.get(shell) as Machine;
  const finished = await bench(['run', dir, '--on', `ssh:${machine.target}`, '--out', out, '--ssh-key', machine.identityFile]);
  return { machine, finished, text: `${finished.stdout}\n${finished.stderr}` };
}

async function expectUntouched(machine: Machine): Promise<void> {
  const { stdout } = await machine.exec(['find', '/tmp', '-maxdepth', '1', '-name', 'p*']);
  expect(stdout.trim()).toBe('/tmp/precious');
  expect((await readdir('/tmp')).filter((name) => name.startsWith('pwned'))).toEqual([]);
  const left = await leftovers(machine);
  expect([...left.containers, ...left.networks, ...left.processes]).toEqual([]);
}

const pointDir = async (out: string) => {
  const view = await readRun(join(out, (await readdir(out))[0] as string));
  const [task] = view.tasks;
  expect(task?.points[0]?.entry.error).toBeNull();
  return join(view.dir, 'tasks', task?.file.recipe ?? '', task?.file.variant ?? '', task?.points[0]?.entry.path ?? '');
};

describe.skipIf(missing)(`values of a recipe${missing ? ` (${missing.skipped})` : ''}`, () => {
  beforeAll(async () => {
    root = await folder();
    const image = await nodeImage();
    await Promise.all(
      SHELLS.map(async (shell) => {
        const machine = await startMachine({ shell });
        machines.set(shell, machine);
        await machine.execAsUser(['touch', '/tmp/precious']);
        await machine.importImage(image, 'nasty:1');
        await machine.docker(['build', '--tag', 'nasty-engine:1', '-'], { stdin: DOCKERFILE });
      }),
    );
  }, 180_000);
  afterAll(async () => {
    await Promise.all([...machines.values()].map((machine) => machine.stop()));
  });

  it.each(SHELLS)('are data to a command, by a login shell that is %s', async (shell) => {
    const out = join(root, `command-${shell}-out`);
    const dir = await write(`command-${shell}`, {
      description: NASTY,
      command: {
        run: `printf '%s' "$value" > value.txt; printf '%s' "$$EXTRA" > extra.txt; printf '{"ok": 1}' > metrics.json`,
        variables: { value: NASTY },
        env: { EXTRA: NASTY },
        result_files: ['*.txt'],
      },
    });
    const { machine, finished, text } = await run(shell, dir, out);
    expect(finished.code, text).toBe(0);
    const files = join(await pointDir(out), 'files');
    expect(await readFile(join(files, 'value.txt'), 'utf8')).toBe(NASTY);
    expect(await readFile(join(files, 'extra.txt'), 'utf8')).toBe(NASTY);
    await expectUntouched(machine);
  });

  it.each(SHELLS)('are data to a service and its clients, by a login shell that is %s', async (shell) => {
    const out = join(root, `service-${shell}-out`);
    const dir = await write(`service-${shell}`, {
      description: NASTY,
      service: {
        image: 'nasty:1',
        command: ['node', '-e', SERVER, '--', NASTY],
        port: 8080,
        env: { EXTRA: NASTY },
        ready: { http: '/seen' },
        prepare: `test "$EXTRA" != '' # ${NASTY.replaceAll('\n', ' ')}`,
      },
      clients: {
        ask: {
          command: [
            'node',
            '-e',
            `fetch(process.env.SERVICE_URL + '/seen').then((r) => r.text()).then((seen) => { const { writeFileSync } = require('node:fs'); writeFileSync(process.env.BENCHMARK_OUTPUT_DIR + '/seen.json', seen); writeFileSync(process.env.BENCHMARK_OUTPUT_DIR + '/own.json', JSON.stringify({ argv: process.argv.slice(1), extra: process.env.EXTRA })); });`,
            '--',
            NASTY,
          ],
          env: { EXTRA: NASTY },
        },
      },
    });
    const { machine, finished, text } = await run(shell, dir, out);
    expect(finished.code, text).toBe(0);
    const [client] = await readdir(join(await pointDir(out), 'clients'));
    const read = async (name: string) =>
      JSON.parse(await readFile(join(await pointDir(out), 'clients', client as string, name), 'utf8')) as Record<string, unknown>;
    expect(await read('own.json')).toMatchObject({ extra: NASTY, argv: [NASTY] });
    expect(await read('seen.json')).toMatchObject({ env: { EXTRA: NASTY } });
    expect(JSON.stringify((await read('seen.json'))['argv'])).toContain(JSON.stringify(NASTY));
    await expectUntouched(machine);
  });

  it.each(SHELLS)('are data to an engine, by a login shell that is %s', async (shell) => {
    const out = join(root, `engine-${shell}-out`);
    const dir = await write(`engine-${shell}`, {
      description: NASTY,
      model: { huggingface: 'org/m' },
      engine: {
        llm: {
          docker_options: { labels: { nasty: NASTY } },
          vllm: {
            image: 'nasty-engine:1',
            extra_args: `--chat-template '${NASTY.replaceAll("'", `'\\''`)}'`,
            extra_env: { EXTRA: NASTY },
          },
        },
      },
      deploy: { smoke_test: { prompt: NASTY } },
      benchmark: { num_prompts: 2, max_concurrency: 1, random_input_len: 4, random_output_len: 2, warmup: 0, extra_body: { user: NASTY } },
    });
    const { machine, finished, text } = await run(shell, dir, out);
    expect(finished.code, text).toBe(0);
    const view = await readRun(join(out, (await readdir(out))[0] as string));
    const log = await readFile(join(view.dir, 'deployments', view.tasks[0]?.deployment?.id ?? '', 'engine.log'), 'utf8');
    const lines = (word: string) =>
      log
        .split('\n')
        .flatMap((line) => (line.includes(`${word} {`) ? [JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>] : []));
    const [seen] = lines('seen');
    expect(seen?.['argv']).toContain(NASTY);
    expect(seen?.['env']).toMatchObject({ EXTRA: NASTY });
    const asked = lines('asked');
    expect(asked[0]?.['messages']).toEqual([{ role: 'user', content: NASTY }]);
    expect(asked.at(-1)?.['user']).toBe(NASTY);
    await expectUntouched(machine);
  });
});
