import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { type Host, writeAtomic } from '@bench/core';
import { fileError } from './host-errors.ts';
import { spawnLocal } from './local-execution.ts';
import { copyLocal } from './local-files.ts';
import { processes, type RunScript } from './processes.ts';
import { collect, streamLines } from './running.ts';

export interface LocalHostOptions {
  /** Where `start` keeps logs and exit codes. Default `~/.local/state/bench/processes`. */
  stateDir?: string;
}

/** This machine as a {@link Host}. Relative paths are below the working folder. */
export function localHost(options: LocalHostOptions = {}): Host {
  const stateDir = options.stateDir ?? join(homedir(), '.local', 'state', 'bench', 'processes');
  const jobs = processes({ name: 'this machine', stateDir, run });
  return {
    name: hostname(),
    kind: 'local',
    exec: async (command, o = {}) => {
      const result = await collect(() => Promise.resolve(spawnLocal(command, o)), o);
      return { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
    },
    stream: (command, o = {}) => streamLines(() => Promise.resolve(spawnLocal(command, o)), o),
    start: jobs.start,
    attach: jobs.attach,
    write: (path, content, mode) =>
      writeAtomic(path, content, mode).catch((error: unknown) => Promise.reject(fileError(`cannot write ${path}`, error))),
    put: copyLocal,
    get: copyLocal,
    tunnel: (to) => Promise.resolve({ address: to.host ?? '127.0.0.1', port: to.port, close: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
}

const run: RunScript = async (script, args, { stdin, cwd, env, signal, maxOutputBytes } = {}) => {
  const command = { argv: ['sh', '-c', script, 'sh', ...args] as const, ...(stdin === undefined ? {} : { stdin }) };
  const place = { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) };
  const limits = { ...(signal ? { signal } : {}), ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }) };
  const { code, stdout, stderr } = await collect(() => Promise.resolve(spawnLocal(command, place)), limits);
  return { code, stdout: stdout.toBuffer(), stderr: stderr.toString() };
};
