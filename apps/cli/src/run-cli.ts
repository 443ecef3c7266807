import { CommanderError } from '@commander-js/extra-typings';
import { printError } from './errors.ts';
import { buildProgram } from './program.ts';

/** Parses and runs a command line; the answer is the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const result = { code: 0 };
  try {
    await buildProgram(result).parseAsync([...argv]);
    return result.code;
  } catch (error) {
    // Help and version end here with 0; everything else that commander refuses is usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printError(error, process.stderr);
  }
}
