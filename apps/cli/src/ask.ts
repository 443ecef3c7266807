import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import type { SshQuestion } from '@bench/host';

/** What draws on the terminal and must keep still while a question is open. */
export interface Screen {
  pause(): void;
  resume(): void;
}

/**
 * Asks on the terminal, one question at a time; secrets are not shown while they are typed. Undefined where there is nobody to ask: stdin
 * or stderr is no terminal, or `CI` is set.
 */
export function terminalAsk(o: {
  signal: AbortSignal;
  screen: () => Screen | null;
}): ((question: SshQuestion) => Promise<string>) | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true || process.env['CI']) return undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (question) => {
    const answer = last.then(async () => {
      const screen = o.screen();
      screen?.pause();
      try {
        return await ask(question, o.signal);
      } finally {
        screen?.resume();
      }
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function ask({ text, secret }: SshQuestion, signal: AbortSignal): Promise<string> {
  const prompt = `${text.replace(/[:?\s]+$/, '')}: `;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: secret ? nowhere : process.stderr, terminal: true });
  // The terminal is in raw mode now: Ctrl-C comes as a key.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  if (secret) process.stderr.write(prompt);
  try {
    return await lines.question(secret ? '' : prompt, { signal });
  } finally {
    lines.close();
    if (secret) process.stderr.write('\n');
  }
}
