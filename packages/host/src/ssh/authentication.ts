import { messageOf, type BenchError } from '@bench/core';
import type { AnyAuthMethod, KeyboardInteractiveCallback, Prompt } from 'ssh2';
import type { Asker } from './ask-once.ts';
import { authError } from './auth-error.ts';
import type { KeyRing } from './key-ring.ts';
import type { Patience } from './patience.ts';
import type { ResolvedHost } from './resolve-host.ts';

export interface AuthenticationOptions {
  host: ResolvedHost;
  where: string;
  asker: Asker | null;
  keys: KeyRing;
  clock: Patience;
}

/** Which method to try next, as ssh would: keys, then questions, then the password. */
export class Authentication {
  readonly #o: AuthenticationOptions;
  readonly #done = new Set<string>();
  readonly #notes: string[] = [];
  #left: readonly string[] | null = null;
  #asked: string | null = null;
  #refresh = false;

  constructor(options: AuthenticationOptions) {
    this.#o = options;
  }

  async next(left: readonly string[] | null, partial: boolean): Promise<AnyAuthMethod | false> {
    const { host, asker, keys, where, clock } = this.#o;
    const username = host.user;
    // The first request asks for nothing but the list of methods.
    if (left === null) return { type: 'none', username };
    // ssh2 forgets what the server wants after a key, which may have been the first of two steps: asked again, it tells.
    if (this.#refresh) {
      this.#refresh = false;
      return { type: 'none', username };
    }
    const before = this.#left;
    this.#left = left;
    if (before && !left.includes('publickey') && before.includes('publickey'))
      this.#notes.push(`key accepted; then wanted: ${left.join(', ')}`);
    if (partial) this.#notes.push(`one step accepted, then wanted: ${left.join(', ')}`);
    if (left.includes('publickey') && !this.#done.has('publickey') && keys.size > 0) {
      this.#done.add('publickey');
      this.#refresh = true;
      return { type: 'agent', username, agent: keys.agent };
    }
    if (left.includes('keyboard-interactive') && !this.#done.has('keyboard-interactive')) {
      this.#done.add('keyboard-interactive');
      if (asker)
        return {
          type: 'keyboard-interactive',
          username,
          prompt: (name, instructions, _lang, prompts, finish) => this.#answer(name, instructions, prompts, finish),
        };
      this.#notes.push('keyboard-interactive: nobody to ask');
    }
    if (left.includes('password') && !this.#done.has('password')) {
      this.#done.add('password');
      if (asker) {
        const text = `Password for ${where}`;
        this.#asked = text;
        const password = await clock.whileAsking(() => asker.ask({ text, secret: true }));
        return { type: 'password', username, password };
      }
      this.#notes.push('password: nobody to ask');
    }
    return false;
  }

  #answer(name: string, instructions: string, prompts: Prompt[], finish: KeyboardInteractiveCallback): void {
    const { where, asker, clock } = this.#o;
    const ask = async () => {
      const answers: string[] = [];
      for (const { prompt, echo = false } of prompts) {
        const text = [`${where}:`, name, instructions, prompt]
          .map((part) => part.trim())
          .filter(Boolean)
          .join(' ');
        // A password may be given again; a code is good for one use.
        const repeats = /password|passphrase/i.test(prompt) && !/one.?time|otp|code/i.test(prompt);
        if (repeats) this.#asked = text;
        answers.push(
          (await clock.whileAsking(async () =>
            repeats ? asker?.ask({ text, secret: !echo }) : asker?.askAgain({ text, secret: !echo }),
          )) ?? '',
        );
      }
      return answers;
    };
    ask().then(finish, (error: unknown) => {
      this.#notes.push(`keyboard-interactive: ${messageOf(error)}`);
      finish(prompts.map(() => ''));
    });
  }

  error(cause: unknown): BenchError {
    const { where, asker, keys } = this.#o;
    if (this.#asked !== null) asker?.forget(this.#asked);
    const tried = [
      ...keys.tried,
      ...this.#notes,
      ...['keyboard-interactive', 'password'].filter((method) => this.#done.has(method) && asker),
    ];
    const tooMany = /too many authentication failures/i.test(messageOf(cause));
    return authError(where, tried, this.#left ?? [], tooMany, cause);
  }
}
