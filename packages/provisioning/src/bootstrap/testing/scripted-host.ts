import { BenchError, type Command, createIo, type ExecResult, type Host, type Io, type RemoteProcess } from '@bench/core';
import { bootstrapPlan, type BootstrapWanted } from '../plan.ts';
import { BOOT_ID, BUSY, IDENTITY, MACHINE_ID, REBOOT } from '../scripts/machine.ts';

/** A machine as the scripts find it: what works there, and how it behaves. */
export interface MachineState {
  kind: Host['kind'];
  /** Its `/etc/machine-id`; null: it has none. */
  machineId: string | null;
  /** Steps that are there. */
  present: Set<string>;
  /** Steps whose `apply` ends well and which work only after a restart. */
  afterRestart: Set<string>;
  /** What `apply` of a step does instead of working: prints this and ends with 2. */
  broken: Map<string, string>;
  /** Steps whose check cannot answer, with why. */
  impossible: Map<string, string>;
  system: string;
  root: boolean;
  busy: string[];
  gpus: string[];
  /** How often a command is refused after a restart, and with what. */
  downs: { count: number; code: `BENCH_${string}`; retryable: boolean };
  /** The restart never happens, or the machine never comes back. */
  restarts: 'well' | 'never' | 'not-back';
  /** The connection goes before the answer to the restart comes. */
  cut: boolean;
  /** A step that was begun by an earlier call and still runs there. */
  leftRunning: string | null;
}

/** A host that answers the bootstrap's scripts from a {@link MachineState} and says what it was asked. */
export function scriptedHost(wanted: BootstrapWanted, change: Partial<MachineState> = {}) {
  const state: MachineState = {
    kind: 'ssh',
    machineId: 'a'.repeat(32),
    present: new Set(['settle']),
    afterRestart: new Set(),
    broken: new Map(),
    impossible: new Map(),
    system: 'ubuntu 24.04',
    root: true,
    busy: [],
    gpus: ['NVIDIA H200'],
    downs: { count: 3, code: 'BENCH_SSH_REFUSED', retryable: true },
    restarts: 'well',
    cut: false,
    leftRunning: null,
    ...change,
  };
  const steps = bootstrapPlan(wanted);
  const done: string[] = [];
  let boot = 1;
  let down = 0;
  const pending = new Set<string>();
  const processes = new Map<string, RemoteProcess>();

  const answer = (code: number, stdout = '', stderr = ''): ExecResult => ({
    code,
    signal: null,
    stdout,
    stderr,
    durationMs: 1,
    timedOut: false,
  });

  function restart(): ExecResult {
    done.push('restart');
    if (state.restarts === 'never') return answer(0);
    if (state.restarts === 'not-back') down = Infinity;
    else {
      boot++;
      down = state.downs.count;
      for (const name of pending) state.present.add(name);
    }
    return answer(0);
  }

  function exec(command: Command): ExecResult {
    if (down > 0) {
      down--;
      throw new BenchError({ code: state.downs.code, message: 'it does not answer', retryable: state.downs.retryable });
    }
    const script = 'script' in command ? command.script : '';
    const args = 'script' in command ? (command.args ?? []) : [];
    if (script === BOOT_ID) return answer(0, `boot-${boot}\n`);
    if (script === MACHINE_ID) return answer(0, state.machineId === null ? '' : `${state.machineId}\n`);
    if (script === BUSY) return answer(0, state.busy.map((line) => `${line}\n`).join(''));
    if (script === IDENTITY) return answer(0, `system\t${state.system}\nname\tSome Linux\n${state.root ? 'root\tyes\n' : ''}`);
    if (script === REBOOT) {
      const result = restart();
      if (state.cut) throw new BenchError({ code: 'BENCH_SSH_LOST', message: 'the connection was lost', retryable: true });
      return result;
    }
    const is = (other: { script: string; args: readonly string[] }) => other.script === script && other.args.join('\n') === args.join('\n');
    const step = steps.find(({ check, verify }) => is(check) || is(verify));
    if (!step) return answer(0, state.gpus.map((name) => `nvidia_gpu\t${name}, 143771, 570.86.15, GPU-1\n`).join(''));
    const reason = state.impossible.get(step.name);
    if (reason !== undefined) return answer(2, '', `noise\n${reason}\n`);
    return answer(state.present.has(step.name) ? 0 : 1);
  }

  function runs(id: string): RemoteProcess {
    const name = id.replace('bench-bootstrap-', '');
    const why = state.broken.get(name);
    let polls = 2;
    return {
      id,
      pid: 1,
      logPath: '/log',
      status: async () => {
        if (polls-- > 0) return { running: true };
        if (why !== undefined) return { running: false, code: 2 };
        if (state.afterRestart.has(name)) pending.add(name);
        else state.present.add(name);
        return { running: false, code: 0 };
      },
      readLog: async (offset = 0) => {
        const text = `working on ${name}\n${polls < 0 && why !== undefined ? `${why}\n` : ''}`;
        return { text: text.slice(offset), nextOffset: text.length };
      },
      stop: async () => undefined,
      discard: async () => void processes.delete(id),
    };
  }

  if (state.leftRunning !== null) processes.set(`bench-bootstrap-${state.leftRunning}`, runs(`bench-bootstrap-${state.leftRunning}`));
  const no = () => Promise.reject(new Error('not asked for here'));
  const host: Host = {
    name: 'gpu1',
    kind: state.kind,
    exec: async (command) => exec(command),
    stream: () => {
      throw new Error('not asked for here');
    },
    start: async (command, { id }) => {
      const step = steps.find(({ name }) => id === `bench-bootstrap-${name}`);
      if (!step?.apply || !('script' in command) || command.script !== step.apply.script) throw new Error(`unknown: ${id}`);
      done.push([step.name, ...step.apply.args].join(' '));
      const process = runs(id);
      processes.set(id, process);
      return process;
    },
    attach: async (id) => processes.get(id) ?? null,
    write: no,
    put: no,
    get: no,
    tunnel: no,
    close: async () => undefined,
  };
  return { host, state, done, leftProcesses: processes };
}

/** Time that passes only when someone sleeps. */
export function patientIo(): Io {
  let now = 0;
  return {
    ...createIo({ env: {} }),
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}
