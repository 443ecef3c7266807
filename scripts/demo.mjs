// `npm run demo`: from a fresh clone to a report, with nothing but Node and npm.
import './lib/require-node.mjs';

void import('./lib/demo.mjs').then(({ demo }) => demo()).then((code) => (process.exitCode = code));
