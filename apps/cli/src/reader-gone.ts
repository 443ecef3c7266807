/**
 * A reader that goes away (`bench list | head`, `less` that is left) is no error of ours. A command that takes things down when it is stopped
 * is stopped by it, once, as by a terminal that was closed: nothing may be left up because nobody reads any more. Any other command just ends.
 */
export function readerGone(): void {
  let told = false;
  const onError = (stream: NodeJS.WriteStream) => (error: NodeJS.ErrnoException) => {
    if (told) return;
    const stoppable = process.listenerCount('SIGHUP') > 0;
    if (error.code === 'EPIPE' && !stoppable) process.exit(0);
    told = true;
    // Whoever still reads is told why.
    if (stream === process.stdout) process.stderr.write(`error: cannot write the output: ${error.message}\n`);
    if (stoppable) process.emit('SIGHUP', 'SIGHUP');
    else process.exit(1);
  };
  process.stdout.on('error', onError(process.stdout));
  process.stderr.on('error', onError(process.stderr));
}
