import { parseDuration, takesConversations, type ApiKind, type LengthRange } from '@bench/core';
import { z } from 'zod';
import { durationSchema } from './values.ts';

const count = z.int().positive();

/** The longest mean pause that a load may have: a day, milliseconds. */
const LONGEST_MS = 86_400_000;
const pauseSchema = durationSchema.refine((pause) => parseDuration(pause) <= LONGEST_MS, { error: 'nobody thinks for more than a day' });

const turnsSchema = z
  .union([count, z.strictObject({ min: count, max: count }).refine((range) => range.min <= range.max, { error: 'min is above max' })], {
    error: 'expected a number of turns, or {min, max}',
  })
  .describe('Requests of a conversation: a number, or {min, max}, drawn for each.');

const thinkTimeSchema = z
  .union([pauseSchema, z.strictObject({ mean: pauseSchema, distribution: z.enum(['constant', 'exponential']).default('constant') })], {
    error: 'expected a duration, or {mean, distribution}',
  })
  .describe('From the end of an answer to the next turn: a duration, or {mean, distribution: exponential}. Default: none.');

/** `benchmark.conversations`. @param length of what a user says, as elsewhere in a recipe */
export function conversationsSchema<T extends z.ZodType<number | LengthRange>>(length: T) {
  return z
    .strictObject({
      turns: turnsSchema,
      random_input_len: length.optional().describe('Tokens of what the user says from the second turn on. Default: as in the first.'),
      think_time: thinkTimeSchema.optional(),
      history: z
        .enum(['answers', 'synthetic'])
        .default('answers')
        .describe('What stands for earlier answers: what the model answered, or a text of the seed that is about as long as was asked.'),
    })
    .describe(
      'Conversations of several turns, each of which sends all that was said before. max_concurrency and request_rate then count conversations, num_prompts requests.',
    );
}

/** What conversations contradict, with the place. */
export function conversationProblems(b: {
  conversations?: object | undefined;
  api?: ApiKind | undefined;
  dataset: { type: string };
  images?: object | undefined;
}): [path: string[], problem: string][] {
  if (!b.conversations) return [];
  const problems: [string[], string][] = [];
  if (b.api !== undefined && !takesConversations(b.api)) problems.push([['api'], `the API ${b.api} takes no conversations`]);
  if (b.dataset.type !== 'random' && b.dataset.type !== 'sonnet')
    problems.push([['conversations'], 'what is said in a conversation is made: it goes with random prompts only']);
  if (b.images !== undefined) problems.push([['images'], 'what is said in a conversation is text: leave images out']);
  return problems;
}
