import { USER, UID } from './files.ts';
import { processesOf } from './processes.ts';
import type { Machine } from './machine-types.ts';

/** What is on a machine besides what it was started with. All empty: nothing was left. */
export interface Leftovers {
  /** `name (status)`, of containers in any state. */
  containers: string[];
  networks: string[];
  volumes: string[];
  /** `repository:tag`, without those that the test imported. */
  images: string[];
  /** Command lines of the user, without the sessions of sshd. */
  processes: string[];
  /** Paths below HOME, /tmp and /var/tmp, folders too; without what sshd and login shells keep there. */
  files: string[];
}

/** What sshd and shells keep in a HOME. */
const USUAL =
  /^\/home\/bench\/(\.ssh|\.ssh\/authorized_keys|\.history|\.bash_history|(\.config|\.local|\.local\/share|\.cache)(\/fish(\/.*)?)?)$/;

/** Lists what is on a machine besides what it was started with. */
export async function leftovers(machine: Machine): Promise<Leftovers> {
  const lines = async (...argv: [string, ...string[]]) => (await machine.docker(argv)).stdout.split('\n').filter(Boolean);
  const docker = await machine.dockerAnswers();
  const imported = new Set(machine.importedTags());
  const { stdout: found } = await machine.exec(['find', `/home/${USER}`, '/tmp', '/var/tmp', '-mindepth', '1', '-xdev', '-print0']);
  return {
    containers: docker ? await lines('ps', '-a', '--format', '{{.Names}} ({{.Status}})') : [],
    networks: docker
      ? (await lines('network', 'ls', '--format', '{{.Name}}')).filter((name) => !['bridge', 'host', 'none'].includes(name))
      : [],
    volumes: docker ? await lines('volume', 'ls', '--format', '{{.Name}}') : [],
    images: docker ? (await lines('images', '--format', '{{.Repository}}:{{.Tag}}')).filter((tag) => !imported.has(tag)) : [],
    processes: processesOf(machine.initPid)
      .filter(({ uid, name }) => uid === UID && !name.startsWith('sshd'))
      .map(({ command, name }) => command || name),
    files: found
      .split('\0')
      .filter((path) => path !== '' && !USUAL.test(path))
      .sort(),
  };
}
