import { type ApiKind, type LoadSpecInput, takesConversations } from '@bench/core';
import { usage } from '../asked.ts';
import { durationFlag } from '../duration-flag.ts';

/** The flags of `bench load` that make conversations of requests. */
export interface ConversationFlags {
  api: string;
  turns?: string | undefined;
  turnInputLen?: string | undefined;
  thinkTime?: string | undefined;
  history?: string | undefined;
}

/**
 * What `--turns` and the flags beside it ask for; undefined: requests that stand alone.
 * @param made are prompts made here, not read from a file?
 * @param range reads a length, of the flag that is named
 * @throws BenchError `BENCH_USAGE` when they cannot be read, contradict others, or would be passed over
 */
export function conversationsOf(
  flags: ConversationFlags,
  made: boolean,
  range: (text: string, flag: string) => { min: number; max: number },
): LoadSpecInput['conversations'] {
  const { turns, turnInputLen, thinkTime, history } = flags;
  if (turns === undefined) {
    const beside = Object.entries({ '--turn-input-len': turnInputLen, '--think-time': thinkTime, '--history': history });
    const said = beside.find(([, value]) => value !== undefined);
    if (said) throw usage(`${said[0]} is of conversations`, 'add --turns');
    return undefined;
  }
  if (!takesConversations(flags.api as ApiKind)) throw usage(`--api ${flags.api} takes no conversations`, 'leave --turns out');
  if (!made) throw usage('--turns is for random prompts: what is said in a conversation is made', 'leave it out, or --dataset');
  const match = /^([1-9]\d*)(?:-([1-9]\d*))?$/.exec(turns);
  const [min, max] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!match || min > max) throw usage(`--turns ${turns}: expected a number of turns, or a range such as 2-6`);
  return {
    turns: { min, max },
    ...(turnInputLen === undefined ? {} : { inputTokens: range(turnInputLen, '--turn-input-len') }),
    ...(thinkTime === undefined ? {} : { thinkTime: thinkTimeOf(thinkTime) }),
    ...(history === undefined ? {} : { history: history as 'answers' | 'synthetic' }),
  };
}

function thinkTimeOf(text: string): NonNullable<NonNullable<LoadSpecInput['conversations']>['thinkTime']> {
  const match = /^(.+):(constant|exponential)$/.exec(text);
  return {
    meanMs: durationFlag('--think-time', match?.[1] ?? text),
    distribution: (match?.[2] ?? 'constant') as 'constant' | 'exponential',
  };
}
