import { apiKindSchema } from '@bench/core';
import type { Command } from '@commander-js/extra-typings';
import { expect, it } from 'vitest';
import { buildProgram } from './program.ts';

function sections(command: Command, path: string[]): string[] {
  const name = [...path, command.name()];
  const help = command.createHelp();
  // Wide enough that nothing wraps: the page, not the terminal, decides.
  const text = command.configureHelp({ helpWidth: 1000 }).helpInformation();
  const own =
    help.visibleCommands(command).length === 0 || path.length === 0 || help.visibleOptions(command).length > 1
      ? [`## ${name.join(' ')}\n\n\`\`\`\n${text.trimEnd()}\n\`\`\`\n`]
      : [];
  const below = help.visibleCommands(command).filter((c) => c.name() !== 'help');
  return [...own, ...below.flatMap((c) => sections(c as unknown as Command, name))];
}

it('docs/cli.md is what the program says (vitest run -u writes it)', async () => {
  const page = ['# Commands\n\nWritten by a test from the program itself.\n', ...sections(buildProgram({ code: 0 }), [])].join('\n');
  await expect(page).toMatchFileSnapshot('../../../docs/cli.md');
});

it('bench load speaks every API that a load may speak', () => {
  const load = buildProgram({ code: 0 }).commands.find((c) => c.name() === 'load');
  expect(load?.options.find((o) => o.long === '--api')?.argChoices).toEqual(apiKindSchema.options);
});
