import type { SshOptions, SshQuestion } from './transport.ts';

type Ask = NonNullable<SshOptions['ask']>;

/** Answers belong to the one who was asked, so that they die with it. */
const answers = new WeakMap<Ask, Map<string, Promise<string>>>();

export interface Asker {
  /** The answer given before to the same question, or a new one. */
  ask(question: SshQuestion): Promise<string>;
  /** For codes that are good for one use. */
  askAgain(question: SshQuestion): Promise<string>;
  /** The answer was wrong: the next connection may ask again. */
  forget(text: string): void;
}

/** Asks each question once a process, for all hosts, also when several need the answer at the same time. Null: nobody to ask. */
export function askOnce(ask: Ask | undefined): Asker | null {
  if (!ask) return null;
  const known = answers.get(ask) ?? new Map<string, Promise<string>>();
  answers.set(ask, known);
  return {
    ask(question) {
      const before = known.get(question.text);
      if (before) return before;
      const answer = Promise.resolve(ask(question));
      known.set(question.text, answer);
      answer.catch(() => known.delete(question.text));
      return answer;
    },
    askAgain: (question) => ask(question),
    forget: (text) => void known.delete(text),
  };
}
