import { BenchError, messageOf } from '@bench/core/error';
import { styles } from './ui/style.ts';

/** Shows an error to a person and chooses the exit code; as a warning where the work goes on without what failed. */
export function printError(error: unknown, stream: NodeJS.WriteStream, as: 'error' | 'warning' = 'error'): number {
  const style = styles(stream);
  const label = as === 'error' ? style.red('error:') : style.yellow('warning:');
  const hint = style.dim('hint:') + ' '.repeat(as.length - 3);
  const indent = ' '.repeat(as.length + 2);
  if (BenchError.is(error)) {
    stream.write(`${label} ${error.message}\n`);
    if (error.hint) stream.write(`${hint}${error.hint.split('\n').join(`\n${indent}`)}\n`);
    if (process.env['BENCH_DEBUG']) stream.write(`${error.code}\n${error.stack ?? ''}\n`);
    return error.exitCode ?? 1;
  }
  if ((error as { name?: string } | null)?.name === 'AbortError') return 130;
  stream.write(`${label} ${messageOf(error)}\n`);
  if (process.env['BENCH_DEBUG'] && error instanceof Error) stream.write(`${error.stack ?? ''}\n`);
  else stream.write(`${hint}this is unexpected; BENCH_DEBUG=1 shows where it comes from\n`);
  return 1;
}
