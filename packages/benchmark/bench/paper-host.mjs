import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a host answers to the constant scripts of the packages, each known by a piece of it. */
const ANSWERS = [
  ['home:%s:', () => 'home:/home/paper:'],
  ['/proc/meminfo', () => 'hostname\tpaper\nkernel\tLinux 6.1\narch\tx86_64\ncores\t8\nmemory_kib\t33554432\ndisk_free_kib\t104857600\n'],
  ['/proc/net/tcp', () => 'end\n'],
  ['for name in started begin end', () => `${seconds() - 1}\n${seconds() - 1}\n${seconds()}\n${seconds()}\n`],
];
const seconds = () => Date.now() / 1000;

/**
 * A machine on paper: a `Host` without a process, a connection or a disk of its own, whose commands have ended as soon as they are started.
 * What is fetched from it is written to this computer's disk, as for a real one.
 */
export function paperHost(name) {
  const processes = new Map();
  const exec = async (command) => {
    const answer = 'script' in command ? ANSWERS.find(([piece]) => command.script.includes(piece)) : undefined;
    return { code: 0, signal: null, stdout: answer?.[1]() ?? '', stderr: '', durationMs: 0, timedOut: false };
  };
  const never = () => {
    throw new Error('a machine on paper cannot do that');
  };
  return {
    name,
    kind: 'ssh',
    exec,
    stream: never,
    start: async (_command, { id }) => {
      const process = {
        id,
        pid: 1,
        logPath: `/paper/${id}.log`,
        status: async () => ({ running: false, code: 0 }),
        readLog: async (offset = 0) => ({ text: offset === 0 ? 'measured\n' : '', nextOffset: 9 }),
        stop: async () => undefined,
        discard: async () => void processes.delete(id),
      };
      processes.set(id, process);
      return process;
    },
    attach: async (id) => processes.get(id) ?? null,
    write: async () => undefined,
    put: async () => undefined,
    get: async (_remote, local) => {
      mkdirSync(local, { recursive: true });
      writeFileSync(join(local, 'metrics.json'), '{"n": 1}');
    },
    tunnel: never,
    close: async () => undefined,
  };
}
