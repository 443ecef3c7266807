import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A container that a fake machine is to run. */
export interface FakeContainerWanted {
  /** The provider's id of the machine; unique. */
  id: string;
  image: string;
  /** Replaces the image's entrypoint; null: the image's own. */
  entrypoint: string | null;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Ports of the container that are published. */
  ports: readonly number[];
}

/** A container that really runs, or a stand-in for one. */
export interface FakeContainer {
  /** Address under which its published ports are reached, and which port each has become. */
  readonly host: string;
  readonly ports: ReadonlyMap<number, number>;
  /** What it wrote so far. */
  log(): string;
  /** Null while it runs. */
  exitCode(): number | null;
  /** Stops it for good; nothing of it is left. Idempotent. */
  end(): Promise<void>;
}

/** Where a fake gets containers from: stand-ins of this computer, or a test's own. */
export interface FakeContainers {
  /** @throws Error with what Docker would say when the image cannot be had. */
  start(wanted: FakeContainerWanted): Promise<FakeContainer>;
  close(): Promise<void>;
}

const LOG_CHARACTERS = 256 * 1024;

/**
 * Containers that are processes of this computer: an image is a program, which gets the container's arguments and nothing but its
 * environment. An argument that is a published port becomes a free port of 127.0.0.1, and `0.0.0.0` becomes 127.0.0.1. Its standard input
 * ends with this process.
 * @param programs what is started for each image: interpreter and script
 */
export function processContainers(programs: Readonly<Record<string, readonly [string, ...string[]]>>): FakeContainers {
  const open = new Set<FakeContainer>();
  return {
    start: async (wanted) => {
      const program = Object.hasOwn(programs, wanted.image) ? programs[wanted.image] : undefined;
      if (program === undefined)
        throw new Error(`Error response from daemon: pull access denied for ${wanted.image}, repository does not exist`);
      const ports = new Map<number, number>();
      for (const port of wanted.ports) ports.set(port, await freePort());
      const container = startProcess(program, wanted, ports, () => open.delete(container));
      open.add(container);
      return container;
    },
    close: async () => {
      await Promise.all([...open].map((container) => container.end()));
    },
  };
}

/** Containers that exist on paper: nothing listens at their address (192.0.2.0/24, RFC 5737). */
export function noContainers(): FakeContainers {
  return {
    start: ({ ports }) =>
      Promise.resolve({
        host: '192.0.2.77',
        ports: new Map(ports.map((port) => [port, port])),
        log: () => '',
        exitCode: () => null,
        end: () => Promise.resolve(),
      }),
    close: () => Promise.resolve(),
  };
}

function startProcess(
  [program, ...before]: readonly [string, ...string[]],
  wanted: FakeContainerWanted,
  ports: ReadonlyMap<number, number>,
  gone: () => void,
): FakeContainer {
  const args = wanted.args.map((arg) => (arg === '0.0.0.0' ? '127.0.0.1' : String(ports.get(Number(arg)) ?? arg)));
  // A home that is not this user's: what it keeps there is none of the container's business.
  const child: ChildProcess = spawn(program, [...before, ...args], {
    env: { PATH: '/usr/bin:/bin', ...wanted.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: unknown) => void (text = (text + String(chunk)).slice(-LOG_CHARACTERS));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let code: number | null = null;
  const exit = new Promise<void>((resolve) => {
    child.once('exit', (status, signal) => {
      code = status ?? (signal === null ? 1 : 137);
      resolve();
    });
    child.once('error', (error) => {
      keep(error.message);
      code = 127;
      resolve();
    });
  });
  return {
    host: '127.0.0.1',
    ports,
    log: () => text,
    exitCode: () => code,
    end: async () => {
      if (code === null) child.kill('SIGKILL');
      await exit;
      gone();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
