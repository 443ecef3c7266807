import { readerGone } from './reader-gone.ts';
import { runCli } from './run-cli.ts';

readerGone();
void runCli(process.argv).then((code) => {
  process.exitCode = code;
});
