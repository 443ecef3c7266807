import { BenchError, EXIT, type Host, type Io, messageOf } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { PROJECT_LABEL, projectIds } from './container-state.ts';
import { dockerOutput } from './docker-exec.ts';

export interface TakeDownOptions {
  host: Host;
  docker: ContainerFacts['docker'];
  project: string;
  io: Io;
}

/** Milliseconds between tries. */
const PAUSES = [500, 1000, 2000, 4000, 8000];

/**
 * Ends and removes a project's containers, networks and volumes, found by their label: its files need not be there, and compose is not
 * asked. Idempotent, and deaf to the abort signal: what was started has to go.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE` with the command that does it, when it cannot be done after some tries.
 */
export async function takeDown(options: TakeDownOptions): Promise<void> {
  const { host, docker, project, io } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      const left = await removeAll(options);
      if (left === null) return;
      throw new Error(left);
    } catch (cause) {
      const pause = PAUSES[attempt];
      if (pause === undefined) {
        throw new BenchError({
          code: 'BENCH_CLEANUP_INCOMPLETE',
          message: `containers of ${project} may still run on ${host.name}: ${messageOf(cause)}`,
          hint: `once Docker answers there: ${[...docker].join(' ')} ps -aq --filter label=${PROJECT_LABEL}=${project} | xargs -r ${[...docker].join(' ')} rm -f -v`,
          exitCode: EXIT.cleanupIncomplete,
          cause,
          details: { host: host.name, project },
        });
      }
      await io.sleep(pause);
    }
  }
}

/** Null: all gone. Otherwise what is still there. */
async function removeAll(options: TakeDownOptions): Promise<string | null> {
  const { host, docker, project } = options;
  const filter = ['--filter', `label=${PROJECT_LABEL}=${project}`];
  const containers = await projectIds(host, docker, project);
  if (containers.length > 0) await dockerOutput(host, docker, ['rm', '-f', '-v', ...containers], { failing: true });
  for (const kind of ['network', 'volume']) {
    const { stdout } = await dockerOutput(host, docker, [kind, 'ls', '-q', ...filter]);
    const names = stdout.split('\n').filter((line) => line !== '');
    if (names.length > 0) await dockerOutput(host, docker, [kind, 'rm', ...names], { failing: true });
  }
  const left: string[] = [];
  for (const command of [
    ['ps', '-aq'],
    ['network', 'ls', '-q'],
    ['volume', 'ls', '-q'],
  ]) {
    const { stdout } = await dockerOutput(host, docker, [...command, ...filter]);
    if (stdout.trim() !== '') left.push(`${command[0] === 'ps' ? 'container' : command[0]} ${stdout.trim().split('\n').join(', ')}`);
  }
  return left.length === 0 ? null : `${left.join('; ')} could not be removed`;
}

/** Refuses what is no folder of a deployment's own. Removes what is left with root's help where a container wrote it. */
const REMOVE = String.raw`
case $1 in /*/*) ;; *) echo "not a folder of bench: $1" >&2; exit 2 ;; esac
rm -rf -- "$1" 2>/dev/null
[ -e "$1" ] || exit 0
sudo -n rm -rf -- "$1" 2>/dev/null
[ -e "$1" ] || exit 0
dir=$1 image=$2; shift 2
if [ -n "$image" ]; then
  "$@" run --rm --network none --pull never --mount "type=bind,source=$dir,target=/bench-files" --user 0:0 --entrypoint sh "$image" \
    -c 'rm -rf /bench-files/* /bench-files/.[!.]* /bench-files/..?*' >/dev/null 2>&1 </dev/null
  rm -rf -- "$dir"
fi
[ -e "$dir" ] && exit 1
exit 0
`;

/**
 * Removes a folder on the host, also what containers wrote there as root: through `sudo -n`, else in a container of `image`. Idempotent.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE`.
 */
export async function removeFolder(
  options: Pick<TakeDownOptions, 'host' | 'docker'> & { dir: string; image?: string | undefined },
): Promise<void> {
  const { host, docker, dir, image } = options;
  const { code, stderr } = await host.exec(
    { script: REMOVE, args: [dir, image ?? '', ...docker] },
    { timeoutMs: 300_000, repeatable: true },
  );
  if (code === 0) return;
  throw new BenchError({
    code: 'BENCH_CLEANUP_INCOMPLETE',
    message: `${dir} on ${host.name} could not be removed${stderr.trim() === '' ? '' : `: ${stderr.trim().slice(0, 300)}`}`,
    hint: `sudo rm -rf ${dir}`,
    exitCode: EXIT.cleanupIncomplete,
    details: { host: host.name, dir },
  });
}
