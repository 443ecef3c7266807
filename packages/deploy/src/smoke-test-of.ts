import type { Task } from '@bench/recipe';
import type { SmokeTest } from './smoke-test.ts';

/** Models that think first need room before what is looked for appears; some tokens are quickly had. */
const THINKING_TOKENS = 512;
const SOME_TOKENS = 16;

/** The smoke test that a task asks for; null: none. */
export function smokeTestOf(task: Task): SmokeTest | null {
  const asked = task.resolved.deploy.smoke_test;
  if (asked === false) return null;
  const random = task.resolved.model?.random !== undefined;
  const contains = asked?.contains ?? (random || asked?.prompt !== undefined ? null : '4');
  const context = task.resolved.engine?.llm.context_length ?? Number.POSITIVE_INFINITY;
  return {
    prompt: asked?.prompt ?? 'What is 2+2?',
    contains,
    // Half of a short context is left for the prompt and its template.
    maxTokens: Math.min(contains === null ? SOME_TOKENS : THINKING_TOKENS, Math.floor(context / 2)),
  };
}
