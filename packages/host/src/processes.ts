import { randomBytes } from 'node:crypto';
import { BenchError, type Command, type RemoteProcess } from '@bench/core';
import { spawnOf } from './command-line.ts';
import { ticks } from './group-script.ts';
import { fileError } from './host-errors.ts';
import { ABANDON, DISCARD, FIND, READ_LOG, START, STATUS, STOP, WRAPPER } from './process-scripts.ts';

/** How a host runs a constant script: `sh -c SCRIPT sh ARGS…`. All of it may be repeated. */
export type RunScript = (
  script: string,
  args: readonly string[],
  options?: ScriptOptions,
) => Promise<{ code: number | null; stdout: Buffer; stderr: string }>;

export interface ScriptOptions {
  stdin?: string | Uint8Array;
  cwd?: string | undefined;
  env?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
  maxOutputBytes?: number;
}

export interface StartOptions {
  id: string;
  cwd?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

const LOG_CHUNK_BYTES = 1 << 20;
const DISCARD_GRACE_MS = 10_000;
const ABANDON_GRACE_MS = 1000;

/**
 * Processes that outlive their connection, kept as files on the host; the same for every kind of host.
 * @param stateDir folder for them; '' is `~/.local/state/bench/processes`
 */
export function processes(options: { name: string; stateDir: string; run: RunScript }) {
  const { name, stateDir, run } = options;
  return {
    /** @throws BenchError `BENCH_PROCESS_EXISTS` when the id was used before. */
    async start(command: Command, { id, signal, ...rest }: StartOptions): Promise<RemoteProcess> {
      checkId(id);
      const { file, args, input = '' } = spawnOf(command);
      const token = randomBytes(12).toString('hex');
      const bytes = String(Buffer.byteLength(input));
      const starting = run(START, [stateDir, id, token, bytes, WRAPPER, file, ...args], { ...rest, signal, stdin: input });
      const result = await starting.catch(async (error: unknown) => {
        if (signal?.aborted) await run(ABANDON, [stateDir, id, token, ticks(ABANDON_GRACE_MS)]).catch(() => undefined);
        throw error;
      });
      if (result.code === 3) {
        throw new BenchError({
          code: 'BENCH_PROCESS_EXISTS',
          message: `a process was already started under the id "${id}" on ${name}`,
          hint: 'attach to it instead',
        });
      }
      if (result.code !== 0) throw fileError(`cannot start a process on ${name}`, result.stderr);
      return handle(run, id, result.stdout);
    },

    async attach(id: string): Promise<RemoteProcess | null> {
      checkId(id);
      const result = await run(FIND, [stateDir, id]);
      if (result.code === 3) return null;
      if (result.code !== 0) throw fileError(`cannot look for process "${id}" on ${name}`, result.stderr);
      return handle(run, id, result.stdout);
    },
  };
}

function handle(run: RunScript, id: string, found: Buffer): RemoteProcess {
  const [first = '', ...rest] = found.toString('utf8').replace(/\n$/, '').split('\n');
  const pid = Number(first);
  const dir = rest.join('\n');
  return {
    id,
    pid,
    logPath: `${dir}/log`,
    status: async () => {
      const result = await run(STATUS, [dir, first]);
      const said = result.stdout.toString('utf8').trim();
      if (result.code !== 0 || said === '') throw fileError(`cannot tell whether process "${id}" runs`, result.stderr);
      if (said === 'running') return { running: true };
      const code = /^exit (\d+)$/.exec(said)?.[1];
      return { running: false, code: code === undefined ? null : Number(code) };
    },
    readLog: async (offset = 0) => {
      const options = { maxOutputBytes: 3 * LOG_CHUNK_BYTES };
      const { stdout } = await run(READ_LOG, [dir, String(offset), String(LOG_CHUNK_BYTES)], options);
      const whole = stdout.subarray(0, wholeCharacters(stdout));
      return { text: whole.toString('utf8'), nextOffset: offset + whole.length };
    },
    stop: async (o = {}) => {
      ended(id, await run(STOP, [dir, first, ticks(o.graceMs ?? 10_000)]));
    },
    discard: async () => {
      const result = await run(DISCARD, [dir, first, ticks(DISCARD_GRACE_MS)]);
      ended(id, result);
      if (result.code !== 0) throw fileError(`cannot remove process "${id}"`, result.stderr);
    },
  };
}

function ended(id: string, result: { code: number | null }): void {
  if (result.code !== 6) return;
  throw new BenchError({
    code: 'BENCH_PROCESS_STUCK',
    message: `process "${id}" is still there after KILL`,
    hint: 'it may wait for a device or a file server; look for state D in ps',
    exitCode: 6,
  });
}

/** Bytes up to the last whole UTF-8 character: the rest of one that is being written comes with the next read. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function checkId(id: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(id)) return;
  throw new BenchError({ code: 'BENCH_UNSAFE_NAME', message: `"${id}" cannot be a process id: letters, digits, ".", "_" and "-" only` });
}
