import type { CompletionCommand, Values } from './command-tree.ts';

/** Words that the tables hand to the shells' own code. A list of words is `words` and the list behind it. */
export function kindText(values: Values): string {
  return values.kind === 'words' ? `words ${values.words.join(' ')}` : values.kind;
}

/** Every command, the program itself first. */
export function allCommands(tree: CompletionCommand): CompletionCommand[] {
  return [tree, ...tree.commands.flatMap(allCommands)];
}

/**
 * Functions that bash and zsh read alike: each answers in `REPLY` what the program knows about a place of the command line.
 * `NAME_next COMMAND WORD`: the command that WORD leads to. `NAME_value COMMAND FLAG`: what FLAG takes; empty: nothing.
 * `NAME_words COMMAND`: its subcommands. `NAME_flags COMMAND`. `NAME_argument COMMAND N`: what stands at position N, from 0.
 */
export function caseTables(tree: CompletionCommand, name: string): string {
  const commands = allCommands(tree);
  const id = (command: CompletionCommand) => command.path.join(' ');
  const table = (suffix: string, subject: string, rows: readonly (readonly [pattern: string, reply: string])[]) =>
    [
      `${name}_${suffix}() {`,
      '  REPLY=',
      `  case ${subject} in`,
      ...rows.filter(([, reply]) => reply !== '').map(([pattern, reply]) => `    ${pattern}) REPLY=${single(reply)} ;;`),
      '  esac',
      '}',
    ].join('\n');
  return [
    table(
      'next',
      '"$1/$2"',
      commands.flatMap((command) =>
        command.commands.map(
          (sub) => [[sub.path.at(-1) ?? '', ...sub.aliases].map((word) => single(`${id(command)}/${word}`)).join('|'), id(sub)] as const,
        ),
      ),
    ),
    table(
      'value',
      '"$1/$2"',
      commands.flatMap((command) =>
        command.options.map(
          (option) =>
            [option.flags.map((flag) => single(`${id(command)}/${flag}`)).join('|'), option.value ? kindText(option.value) : ''] as const,
        ),
      ),
    ),
    table(
      'words',
      '"$1"',
      commands.map(
        (command) => [single(id(command)), command.commands.flatMap((sub) => [sub.path.at(-1) ?? '', ...sub.aliases]).join(' ')] as const,
      ),
    ),
    table(
      'flags',
      '"$1"',
      commands.map((command) => [single(id(command)), command.options.flatMap((option) => option.flags).join(' ')] as const),
    ),
    table(
      'argument',
      '"$1/$2"',
      commands.flatMap((command) =>
        command.args.map((values, i) => {
          const last = command.variadic && i === command.args.length - 1;
          return [last ? `${single(`${id(command)}/`)}*` : single(`${id(command)}/${i}`), kindText(values)] as const;
        }),
      ),
    ),
  ].join('\n\n');
}

/** A word of sh. What goes in is our own, but help texts have apostrophes. */
export function single(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `${name}` of the shell, which a template would take for its own. */
export const sh = (name: string): string => `\${${name}}`;
