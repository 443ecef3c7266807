import { readRunFile, resolveRun } from '@bench/results';
import type { OutputFlags } from '../perform.ts';
import { type DoFlags, runAsked, settingsFor } from './run.ts';

/** `bench rerun`. */
export async function rerun(run: string, flags: OutputFlags & DoFlags): Promise<number> {
  const { asked } = await readRunFile(await resolveRun(run, flags.out));
  return runAsked(asked, flags, await settingsFor(asked.site, flags));
}
