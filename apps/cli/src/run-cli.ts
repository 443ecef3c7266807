import { CommanderError } from '@commander-js/extra-typings';
import { printError } from './errors.ts';
import { buildProgram } from './program.ts';
import { readerLeft } from './reader-gone.ts';

/** `EXIT.interrupted`, without all that comes with it. */
const INTERRUPTED = 130;

/** `bench launch` with a program, whose flags are its own and may be the same; not `bench launch stage`, `bench launch kill`. */
function isLaunch([command, first]: readonly string[]): boolean {
  return command === 'launch' && first !== 'stage' && first !== 'kill';
}

/** Parses and runs a command line; the answer is the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const code = await codeOf(argv);
  // To have been stopped is no news for a reader that left; what the command found out is.
  return readerLeft() && code === INTERRUPTED ? 0 : code;
}

async function codeOf(argv: readonly string[]): Promise<number> {
  const result = { code: 0 };
  try {
    const words = argv.slice(2);
    if (isLaunch(words)) {
      const { launch } = await import('./commands/launch.ts');
      return await launch(words.slice(1), () =>
        buildProgram(result)
          .commands.find((command) => command.name() === 'launch')
          ?.outputHelp(),
      );
    }
    await buildProgram(result).parseAsync([...argv]);
    return result.code;
  } catch (error) {
    // Help and version end here with 0; everything else that commander refuses is usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return readerLeft() ? 0 : printError(error, process.stderr);
  }
}
