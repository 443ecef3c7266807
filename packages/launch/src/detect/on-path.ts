import type { System } from '../types.ts';

/** Whether a program can be run by its name. */
export function onPath(system: System, program: string): boolean {
  return system.exec(['sh', '-c', 'command -v -- "$1"', 'sh', program]).code === 0;
}
