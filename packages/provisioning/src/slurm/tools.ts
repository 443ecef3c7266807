import { type BenchError, type ExecResult, EXIT, type Host } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { ProviderContext } from '../contract/provider.ts';
import { connectionError, explain, PROVIDER } from './explain.ts';
import { betweenMarks, loginCommand, NO_FOLDER, NO_PROGRAM } from './login-shell.ts';

/** A big cluster has ten thousand nodes, and each is a line. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
/** A client of Slurm gives up on a controller by itself after some ten seconds a try. */
const TIMEOUT_MS = 60_000;

export interface ToolCall {
  /** What it is for: `create`, `observe`. */
  op: string;
  tool: string;
  args: readonly string[];
  stdin?: string | undefined;
  folder?: string | undefined;
  /** Default: a minute. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface ToolAnswer {
  /** Exit code of the tool. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Slurm's tools on the login host, without what its login writes. */
export interface SlurmTools {
  host(): Promise<Host>;
  /** For messages: `login1`, `this machine`. */
  readonly login: string;
  /** @throws BenchError of kind `auth`, `transient`, `unsupported`; `unknown-outcome` when the job of a `create` may be in the queue */
  run(call: ToolCall): Promise<ToolAnswer>;
  /** The output of a tool that ended with 0. @throws BenchError as {@link run}, and what the tool's words mean */
  ask(call: ToolCall): Promise<string>;
  close(): Promise<void>;
}

/** Opens the login host when it is first needed. `target` is `local` or what ssh takes. */
export function slurmTools({ context, target }: { context: ProviderContext; target: string }): SlurmTools {
  const login = target === 'local' ? 'this machine' : target;
  let opened: Promise<Host> | null = null;
  const host = (): Promise<Host> => {
    opened ??= context.connect(target === 'local' || target.startsWith('ssh:') ? target : `ssh:${target}`).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const execute = async (call: ToolCall, mark: string): Promise<ExecResult> => {
    const { op, tool, args, stdin, folder, signal } = call;
    signal?.throwIfAborted();
    const machine = await host().catch((error: unknown) => Promise.reject(connectionError(error, { op, login, sent: false })));
    signal?.throwIfAborted();
    const command = loginCommand(
      { argv: [tool, ...args], ...(stdin === undefined ? {} : { stdin }), ...(folder === undefined ? {} : { folder }) },
      mark,
    );
    try {
      return await machine.exec(command, {
        timeoutMs: call.timeoutMs ?? TIMEOUT_MS,
        maxOutputBytes: MOST_OUTPUT_BYTES,
        repeatable: op !== 'create',
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (op !== 'create') signal?.throwIfAborted();
      throw connectionError(error, { op, login, sent: true });
    }
  };
  const run = async (call: ToolCall): Promise<ToolAnswer> => {
    const { op, tool } = call;
    const fault = (kind: 'unsupported' | 'transient' | 'unknown-outcome', message: string, hint?: string): BenchError => {
      const exitCode = kind === 'unknown-outcome' ? undefined : EXIT.missingPart;
      return providerError({ kind, provider: PROVIDER, op, message: `${message} (${login})`, hint, exitCode });
    };
    const lost = op === 'create' ? 'unknown-outcome' : 'transient';
    const mark = `bench-${Math.floor(context.random() * 2 ** 48).toString(36)}`;
    const result = await execute(call, mark);
    const out = betweenMarks(result.stdout, mark);
    const err = betweenMarks(result.stderr, mark);
    if (out === null) {
      if (result.timedOut) throw fault(lost, 'the login host did not answer in time');
      throw fault(
        'transient',
        `the login shell ended before it ran ${tool}: ${context.redact(lastWords(result))}`,
        'see that "bash -l -c true" ends well there: a start file such as ~/.bash_profile ends it',
      );
    }
    const { code } = out;
    if (code === null) throw fault(lost, result.timedOut ? `${tool} did not end in time` : `the answer of ${tool} is cut off`);
    if (code === NO_PROGRAM) {
      throw fault(
        'unsupported',
        `there is no ${tool} in the PATH of the login shell`,
        'is it the login host of a Slurm cluster? Where Slurm is a module, load it in ~/.bash_profile',
      );
    }
    const answer = { code, stdout: out.text, stderr: context.redact(err?.text ?? '') };
    if (code === NO_FOLDER && call.folder !== undefined) {
      throw explain({ op, tool: 'mkdir', login, text: answer.stderr.trim() || `cannot make ${call.folder}`, code });
    }
    return answer;
  };
  return {
    host,
    login,
    run,
    ask: async (call) => {
      const answer = await run(call);
      if (answer.code === 0) return answer.stdout;
      throw explain({ op: call.op, tool: call.tool, login, text: answer.stderr.trim() || answer.stdout, code: answer.code });
    },
    close: async () => {
      const machine = await opened?.catch(() => null);
      opened = null;
      await machine?.close();
    },
  };
}

const lastWords = ({ stdout, stderr }: ExecResult): string => `${stdout}\n${stderr}`.trim().split('\n').slice(-3).join('; ').slice(0, 300);
