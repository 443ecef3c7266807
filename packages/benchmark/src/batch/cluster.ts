import { BenchError, type Host, type Io, messageOf } from '@bench/core';

/** The login host of a cluster, and where things lie on the file system that it shares with the nodes. */
export interface Cluster {
  host: Host;
  /** Absolute folder on the shared file system; it exists. */
  remoteDir: string;
  /** `Linux x86_64`. */
  platform: string;
}

const LOOK = String.raw`
dir=$1
case $dir in
'~') dir=$HOME ;;
'~/'*) dir=$HOME/${'$'}{dir#??} ;;
esac
printf '\n@platform %s %s\n' "$(uname -s)" "$(uname -m)"
( umask 077; mkdir -p -- "$dir" ) && cd -- "$dir" && printf '@folder %s\n' "$(pwd)"
`;

/**
 * Looks at a login host, and makes the folder there that holds runs.
 * @param o.folder absolute, or below the home folder: `~/bench`
 * @throws BenchError `BENCH_SITE_UNFIT` (exit code 3) when the folder cannot be made
 */
export async function openCluster(o: { host: Host; folder: string; signal: AbortSignal }): Promise<Cluster> {
  const { host, folder, signal } = o;
  const { stdout, stderr } = await host.exec({ script: LOOK, args: [folder] }, { timeoutMs: 60_000, repeatable: true, signal });
  const remoteDir = /^@folder (\/.*)$/m.exec(stdout)?.[1];
  const platform = /^@platform (.*)$/m.exec(stdout)?.[1] ?? '';
  if (remoteDir !== undefined) return { host, remoteDir, platform };
  throw new BenchError({
    code: 'BENCH_SITE_UNFIT',
    message: `${host.name}: the folder ${folder} cannot be made: ${stderr.trim() || 'no answer'}`,
    hint: 'set providers.slurm.remote_dir to a folder that login host and nodes share, and that you may write to',
    exitCode: 3,
  });
}

/** A file in a deployment's folder that says: what is in here could not be read, and is nowhere else. */
const UNREAD = 'unread';
const KEPT = 45;
/** `RUN_FOLDER all|read`. It is empty of jobs: away with it, unless something in it was never read. */
const REMOVE = String.raw`
if [ "$2" = read ]; then
  for mark in "$1"/*/${UNREAD}; do [ -e "$mark" ] && exit ${KEPT}; done
fi
rm -rf -- "$1"
`;

/** Has the run's folder kept when the run is over, whoever ends it, for what could not be read of a deployment. */
export async function keepUnread(o: { host: Host; runFolder: string; deployment: string }): Promise<void> {
  await o.host.write(`${o.runFolder}/${o.deployment}/${UNREAD}`, '');
}

/** How long the removal of a run's folder may take. */
const REMOVE_MS = 300_000;

/**
 * Removes a run's folder from the cluster, whatever else was told to stop; what is left of it, in words.
 * @param o.all also what could not be read there. Default false: the folder is kept then
 */
export async function removeRun(o: { host: Host; runFolder: string; io: Pick<Io, 'redact'>; all?: boolean }): Promise<string[]> {
  const { host, runFolder, io, all = false } = o;
  const signal = AbortSignal.timeout(REMOVE_MS);
  try {
    const { code, stderr } = await host.exec(
      { script: REMOVE, args: [runFolder, all ? 'all' : 'read'] },
      { timeoutMs: REMOVE_MS, repeatable: true, signal },
    );
    if (code === KEPT) return [`folder ${runFolder} on ${host.name} holds what may not be read there; bench teardown removes it`];
    return code === 0 ? [] : [notRemoved(host, runFolder, stderr.trim() || 'no answer')];
  } catch (error) {
    return [notRemoved(host, runFolder, io.redact(messageOf(error)))];
  }
}

const notRemoved = ({ name }: Host, runFolder: string, why: string) => `folder ${runFolder} on ${name} could not be removed: ${why}`;
