import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, type Host, type RemoteProcess } from '@bench/core';
import { localHost } from '@bench/host';

/** This machine dressed as one behind SSH, with a home and a path of its own. */
export interface FarHost {
  host: Host;
  /** Holds everything of it on this machine. */
  root: string;
  home: string;
  /** Folder that is all its PATH; programs are linked into it. */
  bin: string;
  /** Links programs of this machine into its path. */
  install(...names: string[]): Promise<void>;
  /** From now on everything on `host` fails as with a lost connection, but processes go on. */
  cut(): void;
  mend(): void;
  /** Calls of each kind so far: `exec`, `start`, `put`, … */
  calls: Map<string, number>;
  /** A second connection to the same machine, as a new `bench` would open it. */
  again(): Host;
  remove(): Promise<void>;
}

/** What the scripts of the load places use. */
const TOOLS = 'sh mkdir rm cat uname sha256sum chmod ls mv sleep env tr kill stat wc head tail dd find id date dirname basename'.split(' ');

export async function farHost(): Promise<FarHost> {
  const root = await mkdtemp(join(tmpdir(), 'far-host-'));
  const [home, bin] = [join(root, 'home'), join(root, 'bin')];
  await Promise.all([mkdir(home), mkdir(bin)]);
  const calls = new Map<string, number>();
  let away = false;
  const far: FarHost = {
    host: undefined as unknown as Host,
    root,
    home,
    bin,
    async install(...names) {
      const where = localHost();
      for (const name of names) {
        const { stdout } = await where.exec({ script: 'command -v "$1"', args: [name] });
        if (stdout.trim().startsWith('/')) await symlink(stdout.trim(), join(bin, name));
      }
    },
    cut: () => void (away = true),
    mend: () => void (away = false),
    calls,
    again: () => open(() => false),
    remove: () => rm(root, { recursive: true, force: true }),
  };

  function open(isAway: () => boolean): Host {
    const local = localHost({ stateDir: join(root, 'processes') });
    const env = { HOME: home, PATH: bin, XDG_CACHE_HOME: '' };
    const reach = <T>(what: string, action: () => Promise<T>): Promise<T> => {
      calls.set(what, (calls.get(what) ?? 0) + 1);
      return isAway() ? Promise.reject(lost()) : action();
    };
    const over = (process: RemoteProcess): RemoteProcess => ({
      ...process,
      status: () => reach('status', () => process.status()),
      readLog: (offset) => reach('readLog', () => process.readLog(offset)),
      stop: (options) => reach('stop', () => process.stop(options)),
      discard: () => reach('discard', () => process.discard()),
    });
    return {
      ...local,
      name: 'far',
      kind: 'ssh',
      exec: (command, options = {}) => reach('exec', () => local.exec(command, { ...options, env: { ...env, ...options.env } })),
      start: (command, options) => reach('start', async () => over(await local.start(command, options))),
      attach: (id) =>
        reach('attach', async () => {
          const process = await local.attach(id);
          return process && over(process);
        }),
      write: (path, content, mode) => reach('write', () => local.write(path, content, mode)),
      put: (from, to, options) => reach('put', () => local.put(from, to, options)),
      get: (from, to, options) => reach('get', () => local.get(from, to, options)),
      tunnel: (to) => reach('tunnel', () => local.tunnel(to)),
    };
  }

  far.host = open(() => away);
  await far.install(...TOOLS);
  return far;
}

function lost(): BenchError {
  return new BenchError({ code: 'BENCH_SSH_LOST', message: 'far: the connection was lost', retryable: true });
}
