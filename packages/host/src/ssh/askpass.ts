import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Asker } from './ask-once.ts';

/** Runs as the program that ssh starts to ask something (ssh(1), SSH_ASKPASS): hands the question to us and prints the answer. */
const HELPER = String.raw`#!/bin/sh
exec "$BENCH_ASKPASS_NODE" "$BENCH_ASKPASS_PROGRAM" "$1"
`;
const PROGRAM = String.raw`const { connect } = require('node:net');
const socket = connect(process.env.BENCH_ASKPASS_SOCKET);
socket.end(JSON.stringify({ text: process.argv[2] || '' }));
let answer = '';
socket.on('data', (chunk) => { answer += chunk; });
socket.on('error', () => { process.exitCode = 1; });
socket.on('end', () => {
  if (answer === '') process.exitCode = 1;
  else process.stdout.write(JSON.parse(answer).answer + '\n');
});
`;

export interface Askpass {
  /** For the environment of ssh: names of files, no secret. */
  env: Record<string, string>;
  /** The answers were not good: the next connection asks again. */
  forgetAnswers(): void;
  close(): Promise<void>;
}

/**
 * Lets ssh ask the user through us. The answer goes over a socket in a folder that only this user may enter.
 * @param folder private to us, mode 0700; short: it will hold a socket.
 */
export async function startAskpass(folder: string, asker: Asker, where: string, onAsking: (asking: boolean) => void): Promise<Askpass> {
  const paths = { helper: join(folder, 'ask'), program: join(folder, 'ask.cjs'), socket: join(folder, 'a') };
  await writeFile(paths.helper, HELPER);
  await chmod(paths.helper, 0o700);
  await writeFile(paths.program, PROGRAM, { mode: 0o600 });
  const asked = new Set<string>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    socket.once('end', () => {
      const reply = async () => {
        onAsking(true);
        try {
          const question = (JSON.parse(text) as { text: string }).text.trim();
          const shown = question.startsWith('Enter passphrase for') ? question.replace(/:$/, '') : `${where}: ${question}`;
          // Asked the same thing twice by one ssh: the first answer was wrong.
          if (asked.has(shown)) asker.forget(shown);
          asked.add(shown);
          const secret = !/yes\/no/.test(question);
          const oneUse = /one.?time|otp|code|token/i.test(question);
          const answer = await (oneUse ? asker.askAgain({ text: shown, secret }) : asker.ask({ text: shown, secret }));
          socket.end(JSON.stringify({ answer }));
        } catch {
          socket.end(); // no answer: ssh goes on to the next method
        } finally {
          onAsking(false);
        }
      };
      void reply();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(paths.socket, resolve);
  });
  return {
    env: {
      SSH_ASKPASS: paths.helper,
      SSH_ASKPASS_REQUIRE: 'force',
      BENCH_ASKPASS_NODE: process.execPath,
      BENCH_ASKPASS_PROGRAM: paths.program,
      BENCH_ASKPASS_SOCKET: paths.socket,
    },
    forgetAnswers: () => {
      for (const text of asked) asker.forget(text);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
