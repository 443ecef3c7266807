import type { Command } from '@bench/core';
import { quote } from './quote.ts';

/** What to spawn for a command, and what goes to its stdin. */
export function spawnOf(command: Command): { file: string; args: string[]; input: string | Uint8Array | undefined } {
  if ('script' in command) return { file: 'sh', args: ['-s', '--', ...(command.args ?? [])], input: command.script };
  const [file, ...args] = command.argv;
  return { file, args, input: command.stdin };
}

/** For people: the command as one would type it. Never executed. */
export function describeCommand(command: Command): string {
  if ('script' in command) return 'sh -s (script)';
  return command.argv.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');
}
