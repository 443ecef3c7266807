import type { Command } from '@commander-js/extra-typings';
import { EXIT, GPUS } from '@bench/core';
import { bashCompletion } from '../completion/bash.ts';
import { commandTree } from '../completion/command-tree.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** `bench completion`. */
export function completion(shell: keyof typeof SHELLS, program: Command): Promise<number> {
  const tree = commandTree(
    program,
    GPUS.map((gpu) => gpu.id),
  );
  process.stdout.write(SHELLS[shell](tree));
  return Promise.resolve(EXIT.ok);
}
