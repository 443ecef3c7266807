import type { AskFlags } from '../asked.ts';
import { askedWith, type DoFlags, runAsked, settingsFor } from './run.ts';

export type DeployFlags = Omit<AskFlags, 'on' | 'seed' | 'teardown'> & DoFlags & { out: string; json?: true | undefined };

/** `bench deploy`. A process would end with bench, so `local` means containers on this machine. */
export async function deploy(site: string, recipes: readonly string[], flags: DeployFlags): Promise<number> {
  const settings = await settingsFor(site, flags);
  const asked = askedWith(settings, recipes, { ...flags, on: site === 'local' ? 'docker' : site }, 'deploy');
  return runAsked(asked, { ...flags, report: false }, settings);
}
