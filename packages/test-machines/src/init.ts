import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SETUP_SCRIPT } from './setup-script.ts';

/** Process 1: its end is the end of all that runs on the machine, and of its namespaces. It ends with this process. */
export async function startInit({
  folder,
  undo,
  signal,
  args,
}: {
  folder: string;
  undo: (() => Promise<void>)[];
  signal: AbortSignal | undefined;
  args: string[];
}) {
  const errors = join(folder, 'init.log');
  const stderr = openSync(errors, 'a');
  const namespaces = ['--net', '--uts', '--mount', '--ipc', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const init = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-c', SETUP_SCRIPT, 'sh', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', stderr],
  });
  closeSync(stderr);
  init.once('error', (error) => appendFileSync(errors, error.message));
  const ended = new Promise<void>((done) => void init.once('close', () => done()).once('error', () => done()));
  init.unref();
  undo.push(async () => {
    init.ref();
    init.kill('SIGKILL');
    await ended;
  });
  const failure = ended.then(() => {
    throw new Error(`the machine did not start: ${readFileSync(errors, 'utf8').trim()}`);
  });
  failure.catch(() => {}); // it also ends when it is stopped
  const lines = createInterface({ input: init.stdout as NonNullable<ChildProcess['stdout']> });
  let ready: () => void = () => {};
  const isReady = new Promise<void>((done) => (ready = done));
  const initPid = new Promise<number>((found) => {
    lines.on('line', (line) => {
      if (line.startsWith('pid ')) found(Number(line.slice(4)));
      if (line === 'ready') ready();
    });
  });
  const limited = <T>(promise: Promise<T>) => Promise.race([promise, failure, aborted(signal)]);
  return { initPid: await limited(initPid), ready: limited(isReady) };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error('the machine did not start within 20 s')), 20_000);
    timer.unref();
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
