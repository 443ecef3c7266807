import type { MachineFile } from './files.ts';
import type { TestImage } from './images/image.ts';
import type { FakeGpu, GpuGrant, PciDevice } from './nvidia.ts';
import type { RunOptions, RunResult } from './run.ts';

export type LoginShell = 'bash' | 'dash' | 'tcsh' | 'fish';

/** A folder that several machines can have: a shared file system. */
export interface Share {
  /** Absolute path on this computer. */
  from: string;
  /** Absolute path on the machine; made there when it is missing. */
  to: string;
  /** Default false: what the machine writes there is written here. */
  readOnly?: boolean;
}

export interface MachineOptions {
  /** Host name and ssh alias; unique in the process. Default `m2`, `m3`, … */
  name?: string;
  /** What the machine itself says it is called, where that is not unique. Default: `name`. */
  hostname?: string;
  /** Does dockerd run? Default true. */
  docker?: boolean;
  /** Is the user in the group `docker`? Default true. */
  dockerGroup?: boolean;
  /** Login shell of the user. Default `bash`. */
  shell?: LoginShell;
  /** GPUs that nvidia-smi and dockerd pretend to have. Default none: no nvidia-smi, and dockerd refuses GPU requests. */
  gpus?: readonly FakeGpu[];
  /** PCI devices besides those GPUs. This computer's own are not to be seen. Default none. */
  pciDevices?: readonly PciDevice[];
  /** Does dockerd take GPU requests? Default: if there are GPUs. */
  nvidiaRuntime?: boolean;
  /** Is this process's Node there, as `/usr/local/bin/node`? Default true; false: there is none at all. */
  node?: boolean;
  /** Programs that the machine has not got: `['docker-compose']`. */
  hiddenPrograms?: readonly string[];
  /** Folders that are empty there, besides this repository, the home folder of who runs the tests, and `/usr/local`. */
  hiddenFolders?: readonly string[];
  /** Files that the machine has, over what is there. */
  files?: readonly MachineFile[];
  /** Folders of this computer that are there too; also one of `hiddenFolders`, but none below such a one. Default none. */
  shares?: readonly Share[];
  /** Size of HOME, for tests of full disks. Default: the disk's. */
  homeSizeMiB?: number;
  /** Size of the folder of images and containers. Default: the disk's. */
  dockerSizeMiB?: number;
  /** Options of sshd: `{ MaxSessions: '2' }`. */
  sshd?: Readonly<Record<string, string>>;
  /** Where dockerd looks for images whose name has no registry: the `url` of one. */
  registryMirror?: string;
  /** More options of dockerd. */
  dockerd?: readonly string[];
  signal?: AbortSignal;
}

/** A machine that is up. */
export interface Machine {
  readonly name: string;
  /** In a network that only this computer sees. */
  readonly address: string;
  readonly port: 22;
  readonly user: string;
  /** `bench@10.77.1.2` */
  readonly target: string;
  /** Private key that is let in. */
  readonly identityFile: string;
  /** A known_hosts file with the machine's first key. */
  readonly knownHostsFile: string;
  /** `SHA256:…` of the key it has now. */
  readonly hostKeyFingerprint: string;
  /** For `ssh -F`: the machine's name as alias. */
  readonly sshConfigFile: string;
  /** What is in that file, to be put together with others. */
  readonly sshConfig: string;
  /** HOME of the user, on the machine. */
  readonly home: string;
  /** Process 1 of the machine, as seen from here; `/proc/<initPid>/root` is its file tree. */
  readonly initPid: number;
  /** A path on the machine, as a path here. */
  path(remote: string): string;
  /** Runs a program on the machine as root, not by ssh. @throws when it fails, unless `check` is false */
  exec(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** The same as the user, in HOME. */
  execAsUser(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** `docker ARGV` there, as root. */
  docker(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** Gives dockerd an image, under its own name and `tags`. */
  importImage(image: TestImage, ...tags: string[]): Promise<void>;
  /** Names of the images that were imported. */
  importedTags(): string[];
  /** What containers were given on their GPU requests so far. */
  gpuGrants(): GpuGrant[];
  /** Kills every SSH session; sshd still listens. */
  dropConnections(): Promise<void>;
  cutNetwork(): Promise<void>;
  restoreNetwork(): Promise<void>;
  dockerAnswers(): Promise<boolean>;
  /** Kills dockerd, its containers stay as they are until it starts again. */
  killDockerd(): Promise<void>;
  startDockerd(): Promise<void>;
  dockerdLog(): string;
  sshdLog(): string;
  /** Gives sshd a new key, as if the machine had been installed anew. Resolves with its fingerprint. */
  changeHostKey(): Promise<string>;
  /** Ends it and everything on it, and removes every trace. Idempotent. */
  stop(): Promise<void>;
}
