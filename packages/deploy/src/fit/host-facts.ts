import type { ExecResult, Host, SystemInfo } from '@bench/core';
import { systemInfo } from '@bench/host';
import { type ContainerInspection, inspectContainers } from '../compose/container-facts.ts';

/** What {@link checkHost} judges. Unknown facts are null. */
export interface HostFacts {
  /** As the user named it. */
  host: string;
  kind: Host['kind'];
  system: SystemInfo;
  containers: ContainerInspection;
  /** `ID` of os-release: `ubuntu`. */
  distribution: string | null;
  systemd: boolean;
  root: boolean;
  /** What `ssh -V` says; null: there is no OpenSSH client. */
  openssh: string | null;
  /** `/dev/kfd`: AMD's way to compute. */
  kfd: boolean;
  /** Where the user's files lie, and where Docker keeps images. `freeBytes` for an ordinary user. */
  disks: { use: 'home' | 'images'; path: string; freeBytes: number }[];
}

const LOOK = String.raw`
say() { printf '%s\t%s\n' "$1" "$2"; }
free() { path=$2; while [ ! -d "$path" ] && [ "$path" != / ]; do path=$(dirname "$path"); done; say "$1" "$(df -Pk "$path" 2>/dev/null | awk 'NR==2 {print $4}') $2"; }
say uid "$(id -u)"
[ -r /etc/os-release ] && say distribution "$(. /etc/os-release && printf %s "$ID")"
[ -d /run/systemd/system ] && say systemd yes
[ -e /dev/kfd ] && say kfd yes
command -v ssh >/dev/null 2>&1 && say openssh "$(ssh -V 2>&1)"
free home ~
[ -n "$1" ] && free images "$1"
exit 0
`;

/** Looks at a machine for `bench doctor`. Changes nothing on it. */
export async function hostFacts(host: Host, options: { signal?: AbortSignal } = {}): Promise<HostFacts> {
  const [system, containers] = await Promise.all([systemInfo(host, options), inspectContainers(host, options)]);
  const limits = { timeoutMs: 30_000, repeatable: true, ...options };
  let dockerRoot = '';
  if (containers.facts) {
    const { stdout } = await host.exec({ argv: [...containers.facts.docker, 'info', '--format', '{{.DockerRootDir}}'] }, limits);
    dockerRoot = stdout.trim();
  }
  const looked: ExecResult = await host.exec({ script: LOOK, args: [dockerRoot] }, limits);
  return { host: host.name, kind: host.kind, system, containers, ...readLook(looked.stdout) };
}

function readLook(text: string): Omit<HostFacts, 'host' | 'kind' | 'system' | 'containers'> {
  const facts = new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const tab = line.indexOf('\t');
      return tab > 0 ? [[line.slice(0, tab), line.slice(tab + 1).trim()]] : [];
    }),
  );
  const disks = (['home', 'images'] as const).flatMap((use) => {
    const [, kib, path] = /^(\d+) (.+)$/.exec(facts.get(use) ?? '') ?? [];
    return path === undefined ? [] : [{ use, path, freeBytes: Number(kib) * 1024 }];
  });
  return {
    distribution: facts.get('distribution') ?? null,
    systemd: facts.get('systemd') === 'yes',
    root: facts.get('uid') === '0',
    openssh: facts.get('openssh') ?? null,
    kfd: facts.get('kfd') === 'yes',
    disks,
  };
}
