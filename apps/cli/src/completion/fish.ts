import { allCommands, single } from './case-tables.ts';
import type { CompletionCommand, CompletionOption, Values } from './command-tree.ts';

const RUNS = String.raw`
function __bench_out
    set -l out runs
    set -l words (commandline -opc)
    for i in (seq (count $words))
        test "$words[$i]" = --out; and test (count $words) -gt $i; and set out $words[(math $i + 1)]
    end
    echo $out
end

function __bench_runs
    echo latest
    for file in (__bench_out)/r*/run.json
        string match -r '^r[a-z0-9]{9}$' (basename (dirname $file))
    end
end

function __bench_tags
    for file in (__bench_out)/r*/notes.json
        string replace -rf '^ *"([^"]*)",?$' '$1' <$file
    end | sort -u
end
`;

/** Completions of fish: a line for each command and flag. */
export function fishCompletion(tree: CompletionCommand): string {
  const lines = allCommands(tree).flatMap((command) => [
    ...command.commands.flatMap((sub) =>
      [sub.path.at(-1) ?? '', ...sub.aliases].map((word) =>
        complete(inside(command, { deepest: true }), ['-f', '-a', fish(word), '-d', fish(sub.description)]),
      ),
    ),
    ...command.options.map((option) => complete(inside(command, { deepest: false }), optionWords(option))),
    ...offers(command),
  ]);
  return `# bench completion fish | source\n${RUNS}\n${lines.join('\n')}\n`;
}

const complete = (condition: string, words: readonly string[]) => `complete -c bench -n ${fish(condition)} ${words.join(' ')}`;

/** The command was named; `deepest`: and none below it. */
function inside(command: CompletionCommand, o: { deepest: boolean }): string {
  const words = command.path.slice(1);
  if (words.length === 0) return '__fish_use_subcommand';
  const seen = words.map(
    (word, i) => `__fish_seen_subcommand_from ${[word, ...(i === words.length - 1 ? command.aliases : [])].join(' ')}`,
  );
  const below = command.commands.flatMap((sub) => sub.path.at(-1) ?? '');
  return [...seen, ...(o.deepest && below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(' ')}`] : [])].join('; and ');
}

function optionWords(option: CompletionOption): string[] {
  const names = option.flags.flatMap((flag) => (flag.startsWith('--') ? ['-l', flag.slice(2)] : ['-s', flag.slice(1)]));
  const value =
    option.value === null
      ? ['-f']
      : option.value.kind === 'files' || option.value.kind === 'folders'
        ? ['-r', '-F']
        : ['-x', ...values(option.value)];
  return [...names, ...value, '-d', fish(option.description)];
}

/** What stands after a command; the position is left to the user. */
function offers(command: CompletionCommand): string[] {
  if (command.commands.length > 0) return [];
  const kinds = command.args.filter((value) => value.kind !== 'free');
  if (kinds.length === 0) return [complete(inside(command, { deepest: false }), ['-f'])];
  const withFiles = kinds.some(({ kind }) => kind === 'files' || kind === 'folders' || kind === 'results');
  return kinds.map((value) => complete(inside(command, { deepest: false }), [withFiles ? '-F' : '-f', ...values(value)]));
}

function values(value: Values): string[] {
  if (value.kind === 'words') return ['-a', fish(value.words.join(' '))];
  if (value.kind === 'runs' || value.kind === 'results') return ['-a', fish('(__bench_runs)')];
  if (value.kind === 'tags') return ['-a', fish('(__bench_tags)')];
  if (value.kind === 'sites') return ['-a', fish('local docker ssh:')];
  return [];
}

/** Between single quotes fish knows two escapes: of the quote and of the backslash. */
const fish = (text: string) => single(text.replaceAll('\\', '\\\\')).replaceAll(String.raw`'\''`, String.raw`\'`);
