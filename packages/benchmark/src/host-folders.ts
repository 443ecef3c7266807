import { posix } from 'node:path';
import { BenchError, type Host } from '@bench/core';

/** Where things lie on a host; absolute. */
export interface HostFolders {
  /** Of one run; removed when nothing of it is left up. */
  run(runId: string): string;
  /** Of the loads of one run, below the run's. */
  loads(runId: string): string;
  /** Model weights, kept between runs. */
  models: string;
}

/** A home that cannot be entered is none; a login's greeting stays before the mark. */
const HOME = String.raw`cd "$HOME" && printf 'home:%s:' "$HOME"`;

/** @throws BenchError `BENCH_HOST_UNFIT` for a host whose user has no home folder. */
export async function hostFolders(host: Host, options: { modelDir?: string | undefined; signal: AbortSignal }): Promise<HostFolders> {
  const { stdout, stderr } = await host.exec({ script: HOME }, { timeoutMs: 30_000, repeatable: true, signal: options.signal });
  const home = /home:(\/[\s\S]*):$/.exec(stdout)?.[1];
  if (home === undefined) {
    throw new BenchError({
      code: 'BENCH_HOST_UNFIT',
      message: `${host.name}: the user has no home folder that can be entered${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`,
      exitCode: 3,
    });
  }
  const asked = options.modelDir ?? '~/.cache/bench/models';
  return {
    run: (runId) => posix.join(home, '.local/share/bench/runs', runId),
    loads: (runId) => posix.join(home, '.local/share/bench/runs', runId, 'load'),
    models: posix.resolve(home, asked.startsWith('~/') ? asked.slice(2) : asked),
  };
}

/** Parents go when they are empty, so that a host is left as it was found. */
const REMOVE = String.raw`
rm -rf -- "$1" || exit 1
for at in "$1" "$HOME/.local/state/bench/processes/-"; do
  for _ in 1 2 3 4; do
    at=$(dirname -- "$at")
    [ "$at" = "$HOME" ] && break
    rmdir -- "$at" 2>/dev/null || break
  done
done
exit 0
`;

/** Removes a run's folder from a host. @throws BenchError `BENCH_CLEANUP_INCOMPLETE` naming the folder. */
export async function removeRunFolder(host: Host, folder: string, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await host.exec({ script: REMOVE, args: [folder] }, { timeoutMs: 60_000, repeatable: true, signal });
  if (code === 0) return;
  throw new BenchError({
    code: 'BENCH_CLEANUP_INCOMPLETE',
    message: `${host.name}: ${folder} could not be removed: ${stderr.trim()}`,
    hint: `remove it by hand: rm -rf ${folder}`,
    exitCode: 6,
  });
}
