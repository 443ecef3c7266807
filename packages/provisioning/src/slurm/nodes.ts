import { parseGres, type GresGpus } from './gres.ts';
import { nothing } from './job.ts';
import { parseTimeLimit } from './time.ts';

/** A node in one of its partitions. */
export interface SlurmNode {
  name: string;
  partition: string;
  /** The cluster's default partition: jobs that name none go there. */
  isDefault: boolean;
  /** `idle`, `mix`, `alloc`, `drain`, `down`, …; without suffixes. */
  state: string;
  /** What the suffix says: `*` does not answer, `~` is switched off, `#` and `^` starts, `!` and `%` is being switched off, `$` reserved, `@` restarts, `-` planned. */
  suffix: string;
  /** Whether jobs can start there, now or when others end. */
  usable: boolean;
  gpus: readonly GresGpus[];
  cpus: number;
  memoryMb: number;
  /** The partition's limit of a job's time, seconds; null: none. */
  timeLimitS: number | null;
  /** The most nodes a job may have in the partition; null: all. */
  maxNodes: number | null;
  /** Whether the partition takes jobs. */
  partitionUp: boolean;
  features: readonly string[];
}

const SEPARATOR = '\x1f';
/** sinfo(1), `--format`; a line for each node in each partition. */
const FIELDS = ['%N', '%t', '%G', '%c', '%m', '%P', '%l', '%a', '%s', '%f'];
export const SINFO_ARGS: readonly string[] = ['--Node', '--noheader', `--format=${FIELDS.join(SEPARATOR)}`];

/** Nodes of these states take no jobs. sinfo(1) "NODE STATE CODES", compact. */
const OUT: ReadonlySet<string> = new Set([
  'down',
  'drain',
  'drained',
  'drng',
  'draining',
  'fail',
  'failing',
  'failg',
  'inval',
  'maint',
  'unk',
  'futr',
  'future',
  'err',
  'npc',
  'bloc',
]);

export function parseNodes(text: string): SlurmNode[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.split(SEPARATOR);
    if (parts.length !== FIELDS.length) return [];
    const [name = '', shown = '', gres = '', cpus = '', memory = '', partition = '', limit = '', up = '', size = '', features = ''] =
      parts.map((part) => part.trim());
    const [, state = shown, suffix = ''] = /^([a-z_]+)([^a-z_]*)$/i.exec(shown) ?? [];
    return [
      {
        name,
        partition: partition.replace(/\*$/, ''),
        isDefault: partition.endsWith('*'),
        state: state.toLowerCase(),
        suffix,
        // One that does not answer, or whose hardware is not as configured, is no use now.
        usable: !OUT.has(state.toLowerCase()) && !suffix.includes('*'),
        gpus: parseGres(gres),
        cpus: Number.parseInt(cpus, 10) || 0,
        memoryMb: Number.parseInt(memory, 10) || 0,
        timeLimitS: parseTimeLimit(limit),
        maxNodes: mostNodes(size),
        partitionUp: up === 'up',
        features: nothing(features)?.split(',') ?? [],
      },
    ];
  });
}

/** `1-infinite`, `1-4`, `1`: how many nodes a job may have. */
function mostNodes(text: string): number | null {
  const last = text.split('-').at(-1) ?? '';
  return /^\d+$/.test(last) ? Number(last) : null;
}
