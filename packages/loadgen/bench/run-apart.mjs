import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A test server in a process of its own. `truth()`: its stamps of each request; `close()` ends it. */
export async function startServer(options) {
  const child = spawn(process.execPath, [path('./server.mjs'), JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(child.stdout), 'line');
  return {
    url,
    truth: async () => (await fetch(`${url}/truth`)).json(),
    close: async () => {
      child.stdin.end();
      child.kill();
      await once(child, 'close');
    },
  };
}

/** What a client in a process of its own printed. @throws Error when it failed */
export async function runClient(program, file, args) {
  const child = spawn(program, [path(file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return JSON.parse(out);
}

/** The load by this package. */
export const runOwn = (order) => runClient(process.execPath, './clients/own.mjs', [JSON.stringify(order)]);
