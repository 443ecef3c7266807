import { runCli } from './run-cli.ts';

// A reader that goes away (`bench list | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  process.exit(1);
});

void runCli(process.argv).then((code) => {
  process.exitCode = code;
});
