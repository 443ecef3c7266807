import { BenchError } from '@bench/core';
import type { Flavour, LaunchDraft, SchedulerPlugin } from '../types.ts';
import { hydraLine } from './hydra.ts';
import { localLine } from './local.ts';
import { openmpiLine } from './openmpi.ts';
import { palsLine } from './pals.ts';
import { srunLine } from './srun.ts';

const LINES: Record<string, (draft: LaunchDraft) => [string, ...string[]]> = {
  srun: srunLine,
  pals: palsLine,
  openmpi: openmpiLine,
  mpich: hydraLine,
  intelmpi: hydraLine,
  local: localLine,
};

/** Dialects that are spoken without plugins. */
export const FLAVOURS: readonly Flavour[] = Object.keys(LINES);

/** The whole command line of a draft. Pure. */
export function launchLine(draft: LaunchDraft, plugins: readonly SchedulerPlugin[]): [string, ...string[]] {
  const { flavour } = draft.launcher;
  const plugin = plugins.find(({ name }) => name === flavour);
  if (plugin) return plugin.launchLine(draft);
  const line = LINES[flavour];
  if (line) return line(draft);
  throw new BenchError({
    code: 'BENCH_UNKNOWN_MPI',
    message: `nobody knows how "${flavour}" is launched`,
    hint: `--mpi is one of: ${[...FLAVOURS, ...plugins.map(({ name }) => name)].join(', ')}`,
    exitCode: 2,
  });
}

/** A hostfile with `nodes`, as the flavour reads it; null when it takes none. */
export function hostfileText(draft: Pick<LaunchDraft, 'nodes' | 'topology' | 'launcher'>): string | null {
  const { nodes, topology, launcher } = draft;
  const each = (line: (node: string) => string) => nodes.map((node) => `${line(node)}\n`).join('');
  switch (launcher.flavour) {
    case 'srun':
      return each((node) => Array.from({ length: topology.ranksPerNode }, () => node).join('\n'));
    case 'openmpi':
      return each((node) => `${node} slots=${topology.ranksPerNode}`);
    case 'mpich':
    case 'intelmpi':
      return each((node) => `${node}:${topology.ranksPerNode}`);
    case 'local':
      return null;
    default:
      return each((node) => node);
  }
}
