import { readFileSync } from 'node:fs';

/**
 * The reference program of `bench launch --test` as a command. It stands in the arguments, so that nodes need to share no folder; only Node must be where it is here.
 * @param node path of Node
 */
export function testCommand(node: string): string[] {
  return [node, '--input-type=module', '--eval', readFileSync(new URL('../programs/launch-test.mjs', import.meta.url), 'utf8')];
}
