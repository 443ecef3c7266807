/** Works that a stop ends in good order; null: there was none. */
let working: number | null = null;
let left = false;

/** From now on a reader that goes away stops the work, until the answer is called: then there are only results to show. */
export function workBegins(): () => void {
  working = (working ?? 0) + 1;
  let over = false;
  return () => {
    if (!over) working = (working ?? 1) - 1;
    over = true;
  };
}

/** Has the reader of a command gone that only showed something? Then to be stopped by that is a good end. What it found out is still its exit code. */
export const readerLeft = (): boolean => left;

/** What only shows gives connections back first, and is not waited for longer than this. */
const CLOSE_MS = 2000;

/**
 * A reader that goes away (`bench list | head`, `less` that is left) is no error of ours. A command that takes things down when it is stopped
 * is stopped by it, once, as by a terminal that was closed: nothing may be left up because nobody reads any more. Any other command just ends,
 * with the exit code that is known by then.
 */
export function readerGone(): void {
  let told = false;
  const onError = (stream: NodeJS.WriteStream) => (error: NodeJS.ErrnoException) => {
    if (told) return;
    told = true;
    const stoppable = process.listenerCount('SIGHUP') > 0;
    // What was done is done, and how it went is the exit code.
    if (error.code === 'EPIPE' && working === 0) return;
    if (error.code === 'EPIPE' && working === null) {
      if (!stoppable) process.exit();
      left = true;
      setTimeout(() => process.exit(), CLOSE_MS).unref();
      process.emit('SIGHUP', 'SIGHUP');
      return;
    }
    // Whoever still reads is told why.
    if (stream === process.stdout) process.stderr.write(`error: cannot write the output: ${error.message}\n`);
    if (stoppable) process.emit('SIGHUP', 'SIGHUP');
    else process.exit(1);
  };
  process.stdout.on('error', onError(process.stdout));
  process.stderr.on('error', onError(process.stderr));
}
