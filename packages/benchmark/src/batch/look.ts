import {
  BATCH_FILES,
  batchEndedSchema,
  type BatchEnded,
  type BatchState,
  type BatchStateName,
  BenchError,
  type Host,
  isBatchStateName,
  parseBatchState,
  parseTelemetry,
  readBatchJson,
  type TelemetrySample,
} from '@bench/core';
import { runGone } from './collect-errors.ts';
import { LOOK } from './look-script.ts';

/** What the files of a deployment say. */
export interface DeploymentLook {
  /** A file of state; null: it is not there, or cannot be read yet. */
  state<Name extends BatchStateName>(name: Name): BatchState<Name> | null;
  /** How client `i` ended load `k`; null: it has not. */
  ended(i: number, k: number): BatchEnded | null;
  /** The last samples of what the service uses, in order, two at the most. */
  readonly samples: readonly TelemetrySample[];
}

/**
 * Reads the files of state of deployments with one command. One that is not in the answer has no folder there.
 * @throws BenchError `BENCH_BATCH_LOOK` (retryable) when the answer is not whole; `BENCH_BATCH_GONE` when the run has no folder there
 */
export async function lookAt(o: {
  host: Host;
  /** Absolute folder of the run on the cluster. */
  runFolder: string;
  deployments: readonly string[];
  signal: AbortSignal;
}): Promise<Map<string, DeploymentLook>> {
  const { host, runFolder, deployments, signal } = o;
  const { stdout, stderr, code } = await host.exec(
    { script: LOOK, args: [runFolder, ...deployments] },
    { timeoutMs: 120_000, repeatable: true, maxOutputBytes: 64 << 20, signal },
  );
  const found = readLook(stdout);
  if (found && stdout.includes('\n@begin\n@gone\n')) throw runGone(runFolder, host);
  if (found) return found;
  throw new BenchError({
    code: 'BENCH_BATCH_LOOK',
    message: `${host.name}: the files of the run could not be looked at (code ${code ?? 'signal'}): ${stderr.trim().slice(-300) || 'no answer'}`,
    retryable: true,
  });
}

/** By deployment; null: the text is not whole. */
export function readLook(text: string): Map<string, DeploymentLook> | null {
  const begin = text.lastIndexOf('\n@begin\n');
  const end = text.lastIndexOf('\n@end');
  if (begin === -1 || end < begin) return null;
  const files = new Map<string, Map<string, string>>();
  for (const part of `\n${text.slice(begin + 8, end)}`.split('\n@ ').slice(1)) {
    const [path = '', ...lines] = part.split('\n');
    const slash = path.indexOf('/');
    const deployment = path.slice(0, slash);
    const known = files.get(deployment) ?? new Map<string, string>();
    files.set(deployment, known.set(path.slice(slash + 1), lines.join('\n')));
  }
  return new Map([...files].map(([deployment, texts]) => [deployment, lookOf(texts)]));
}

function lookOf(texts: ReadonlyMap<string, string>): DeploymentLook {
  return {
    state: (name) => {
      const text = isBatchStateName(name) ? texts.get(BATCH_FILES.state(name)) : undefined;
      return text === undefined ? null : parseBatchState(name, text);
    },
    ended: (i, k) => {
      const text = texts.get(BATCH_FILES.ended(i, k));
      return text === undefined ? null : readBatchJson(batchEndedSchema, text);
    },
    samples: parseTelemetry(texts.get(BATCH_FILES.telemetry) ?? ''),
  };
}
