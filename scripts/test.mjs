// `npm test`: from a fresh clone to tested, with nothing but Node and npm. Installs nothing on the system, starts no daemon.
// BENCH_TEST_SYSTEM=1 adds the integration and e2e tests. --no-skips: a skipped test fails the run, unless its part is impossible here.
// --again: files with a failure are run a second time, and what failed at first is named with its error.
import './lib/require-node.mjs';

void import('./lib/test.mjs').then(({ test }) => test(process.argv.slice(2))).then((code) => (process.exitCode = code));
