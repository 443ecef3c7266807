import type { Argument, Command } from '@commander-js/extra-typings';

/** What can stand at a place of the command line. */
export type Values =
  | { kind: 'words'; words: readonly string[] }
  /** `results`: runs, and files of what other tools measured. `tags`: those that runs have. */
  | { kind: 'files' | 'folders' | 'runs' | 'results' | 'tags' | 'sites' }
  /** Anything: nothing is offered. */
  | { kind: 'free' };

export interface CompletionOption {
  /** `-f`, `--follow`. */
  flags: string[];
  description: string;
  /** Null: it takes no value. */
  value: Values | null;
}

export interface CompletionCommand {
  /** `bench recipe show`, as words. */
  path: string[];
  aliases: string[];
  description: string;
  options: CompletionOption[];
  /** By position; the last one stands for all that follow when `variadic`. */
  args: Values[];
  variadic: boolean;
  commands: CompletionCommand[];
}

/** What a program's commands and flags take, read off the program itself. `gpus`: names that flags for a GPU take. */
export function commandTree(program: Command, gpus: readonly string[]): CompletionCommand {
  return treeOf(program, [program.name()], gpus);
}

function treeOf(command: Command, path: string[], gpus: readonly string[]): CompletionCommand {
  const help = command.createHelp();
  const args = [...command.registeredArguments] as Argument[];
  const below = help.visibleCommands(command).filter((sub) => sub.name() !== 'help') as unknown as Command[];
  return {
    path,
    aliases: command.aliases(),
    description: command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description,
      value: option.required || option.optional ? valuesOf(option.long ?? '', placeholder(option.flags), option.argChoices, gpus) : null,
    })),
    args: args.map((argument) =>
      command.name() === 'report' ? { kind: 'results' } : valuesOf('', argument.name(), argument.argChoices, gpus),
    ),
    variadic: args.at(-1)?.variadic ?? false,
    commands: below.map((sub) => treeOf(sub, [...path, sub.name()], gpus)),
  };
}

const placeholder = (flags: string) => /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1] ?? '';

/** Placeholders are words of the program's language: the same word takes the same values everywhere. */
function valuesOf(flag: string, name: string, choices: readonly string[] | undefined, gpus: readonly string[]): Values {
  if (choices) return { kind: 'words', words: choices };
  if (flag === '--gpu') return { kind: 'words', words: gpus };
  switch (name) {
    case 'recipe':
    case 'path':
    case 'file':
      return { kind: 'files' };
    case 'folder':
      return { kind: 'folders' };
    case 'run':
      return { kind: 'runs' };
    case 'base':
    case 'candidate':
      return { kind: 'results' };
    case 'tag':
      return { kind: 'tags' };
    case 'site':
      return { kind: 'sites' };
    default:
      return { kind: 'free' };
  }
}
