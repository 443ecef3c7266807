// Preloaded into the embedded engine: of a load's requests, known by how many tokens they ask for, those past the first few wait while a file is
// there. What a test does first is done in mid-run, however fast the machine is.
import { existsSync, writeFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const { BENCH_TEST_HOLD: file = '', BENCH_TEST_HOLD_TOKENS: tokens, BENCH_TEST_HOLD_AFTER: after } = process.env;
let passed = 0;

IncomingMessage.prototype.iterator = async function* iterator(options) {
  const chunks = [];
  for await (const chunk of Object.getPrototypeOf(IncomingMessage.prototype).iterator.call(this, options)) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (new RegExp(`"max_tokens":${tokens}\\b`).test(body.toString())) {
    if (passed < Number(after)) passed += 1;
    else {
      // One whose client has gone waits for nothing.
      while (existsSync(file) && !this.socket.destroyed) {
        writeFileSync(`${file}.held`, '');
        await delay(50);
      }
    }
  }
  yield body;
};
