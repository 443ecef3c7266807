import type { LauncherProgram } from '../types.ts';

/** How each launcher begins the lines of a rank when it is asked to. */
const LABELS: Record<string, RegExp> = {
  // Ranks are padded to one width.
  srun: /^ *(?<rank>\d+): (?<text>.*)$/s,
  // The node stands before the rank.
  pals: /^(?:\S+ )?(?<rank>\d+): (?<text>.*)$/s,
  // `[1,0]<stdout>:` of 4, `[prterun-host-1@1,0]<stdout>: ` of 5.
  openmpi: /^\[(?:[^\],]*@)?\d+,(?<rank>\d+)\]<(?:stdout|stderr|stddiag)>:(?<text>.*)$/s,
  mpich: /^\[(?<rank>\d+)\] (?<text>.*)$/s,
  intelmpi: /^\[(?<rank>\d+)\] (?<text>.*)$/s,
  local: /^(?<rank>\d+): (?<text>.*)$/s,
};

/** The rank and the text of a line that the launcher has labelled; null for a line of the launcher itself. */
export function readLabel(launcher: LauncherProgram, line: string): { rank: number; text: string } | null {
  const groups = LABELS[launcher.flavour]?.exec(line)?.groups;
  if (groups?.rank === undefined || groups.text === undefined) return null;
  const five = launcher.flavour === 'openmpi' && line.includes('@') && groups.text.startsWith(' ');
  return { rank: Number(groups.rank), text: five ? groups.text.slice(1) : groups.text };
}
