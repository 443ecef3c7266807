import { BenchError, messageOf } from '@bench/core/error';
import { styles } from './ui/style.ts';

/** Shows an error to a person and chooses the exit code. */
export function printError(error: unknown, stream: NodeJS.WriteStream): number {
  const style = styles(stream);
  if (BenchError.is(error)) {
    stream.write(`${style.red('error:')} ${error.message}\n`);
    if (error.hint) stream.write(`${style.dim('hint:')}  ${error.hint.split('\n').join('\n       ')}\n`);
    if (process.env['BENCH_DEBUG']) stream.write(`${error.code}\n${error.stack ?? ''}\n`);
    return error.exitCode ?? 1;
  }
  if ((error as { name?: string } | null)?.name === 'AbortError') return 130;
  stream.write(`${style.red('error:')} ${messageOf(error)}\n`);
  if (process.env['BENCH_DEBUG'] && error instanceof Error) stream.write(`${error.stack ?? ''}\n`);
  else stream.write(`${style.dim('hint:')}  this is unexpected; BENCH_DEBUG=1 shows where it comes from\n`);
  return 1;
}
