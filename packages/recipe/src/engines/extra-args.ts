import { messageOf } from '@bench/core';
import { z } from 'zod';
import { splitShellWords } from '../shell-words.ts';

/** Flags of a command line without their values: `--a=1 --b 2` has `--a` and `--b`. */
export function flagsOf(words: readonly string[]): string[] {
  return words.filter((word) => /^-{1,2}[A-Za-z]/.test(word)).map((word) => word.split('=', 1)[0] as string);
}

/** `extra_args`: shell words without any flag that the engine's launch writes itself. Kept as written. */
export function extraArgsSchema(reserved: ReadonlySet<string>) {
  return z
    .string()
    .default('')
    .superRefine((text, context) => {
      let words: string[];
      try {
        words = splitShellWords(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `extra_args cannot be read: ${messageOf(error)}` });
        return;
      }
      const offenders = [...new Set(flagsOf(words).filter((flag) => reserved.has(flag) || reserved.has(flag.replaceAll('_', '-'))))];
      if (offenders.length > 0) {
        context.addIssue({
          code: 'custom',
          message: `extra_args may not hold ${offenders.join(', ')}`,
          params: { hint: 'bench writes these itself: use the named fields of engine.llm and model' },
        });
      }
    })
    .describe('Further flags of the server, split by the rules of the shell.');
}
