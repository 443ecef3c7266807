import { parseGres } from '../../slurm/gres.ts';
import { parseTimeLimit } from '../../slurm/time.ts';
import type { SlurmWorld } from './world.ts';

/** What a tool wrote, and how it ended. */
export interface ToolResult {
  code: number;
  stdout: string;
  stderr: string;
}

export const failed = (code: number, stderr: string): ToolResult => ({ code, stdout: '', stderr: `${stderr}\n` });
const refused = (why: string): ToolResult => failed(1, `sbatch: error: Batch job submission failed: ${why}`);

/** Options that it takes, of sbatch(1). */
const KNOWN =
  /^--(parsable|job-name|comment|no-requeue|export|output|partition|account|qos|time|nodes|ntasks-per-node|gres|gpus|gpus-per-node|cpus-per-task|mem|constraint|exclude|reservation|nice|chdir|clusters|exclusive|mail-type|mail-user|dependency|begin|licenses|signal|hint)$/;

/** `--name=value` of a command line, then of the script's `#SBATCH` lines. */
function optionsOf(args: readonly string[], script: string): Map<string, string> | string {
  const options = new Map<string, string>();
  const lines = script.split('\n').flatMap((line) => /^#SBATCH\s+(--\S.*)$/.exec(line)?.[1] ?? []);
  for (const option of [...lines.map((line) => line.replace(/="(.*)"$/, '=$1')), ...args]) {
    const [, name = option, value = ''] = /^(--[a-z-]+)(?:=([\s\S]*))?$/.exec(option) ?? [];
    if (!KNOWN.test(name)) return name;
    options.set(name.slice(2), value);
  }
  return options;
}

export function sbatch(world: SlurmWorld, args: readonly string[], o: { script: string; folder: string }): ToolResult {
  if (args[0] === '--version') return { code: 0, stdout: 'slurm 23.11.4\n', stderr: '' };
  const { script, folder } = o;
  if (!script.startsWith('#!')) {
    return failed(
      1,
      'sbatch: error: This does not look like a batch script.  The first\nsbatch: error: line must start with #! followed by the path to an interpreter.',
    );
  }
  const options = optionsOf(args, script);
  if (typeof options === 'string') return failed(255, `sbatch: unrecognized option '${options}'\nTry "sbatch --help" for more information`);
  const partition = options.get('partition')?.split(',')[0] ?? world.partitions.find(({ isDefault }) => isDefault)?.name ?? '';
  const there = world.partitions.find(({ name }) => name === partition);
  if (there === undefined) {
    return failed(
      1,
      `sbatch: error: invalid partition specified: ${partition}\nsbatch: error: Batch job submission failed: Invalid partition name specified`,
    );
  }
  if (there.state !== undefined && there.state !== 'up') return refused('Required partition not available (inactive or drain)');
  const timeLimitS = options.has('time') ? parseTimeLimit(options.get('time') ?? '') : null;
  if (options.has('time') && timeLimitS === null) return failed(255, 'sbatch: error: Invalid --time specification');
  const mostS = parseTimeLimit(there.timeLimit ?? 'infinite');
  if (mostS !== null && timeLimitS !== null && timeLimitS > mostS)
    return refused('Requested time limit is invalid (missing or exceeds some limit)');
  const count = Number(options.get('nodes') ?? 1);
  if (count > Number(/\d+$/.exec(there.jobSize ?? '')?.[0] ?? Infinity)) return refused('Node count specification invalid');
  if (options.has('account') && options.get('account') === 'nobody')
    return refused('Invalid account or account/partition combination specified');
  if (options.has('qos') && options.get('qos') === 'none') return refused('Invalid qos specification');
  const gres = options.get('gres') ?? (options.has('gpus-per-node') ? `gpu:${options.get('gpus-per-node')}` : null);
  const able = world.nodes.filter(({ name, gres: have, features }) => {
    const fits = parseGres(gres ?? '').every(({ type, count: n }) =>
      parseGres(have).some((one) => (type === null || one.type === type) && one.count >= n),
    );
    return there.nodes.includes(name) && fits && (!options.has('constraint') || features.includes(options.get('constraint') ?? ''));
  });
  if (options.has('constraint') && able.length === 0) return refused('Invalid feature specification');
  if (able.length < count) return refused('Requested node configuration is not available');
  const job = world.add({
    name: options.get('job-name') ?? 'sbatch',
    comment: options.get('comment') ?? '',
    partition,
    gres,
    nodes: count,
    timeLimitS,
    script,
    folder,
    output: options.get('output') ?? 'slurm-%j.out',
  });
  const says = world.tricks.has('prolog-output')
    ? 'sbatch: lua: Welcome. Your project has 12 GPU-hours left.\nsbatch: warning: --mem is ignored here.\n'
    : '';
  const id = world.tricks.has('cluster-suffix') ? `${job.id};alpha` : String(job.id);
  return { code: 0, stdout: options.has('parsable') ? `${id}\n` : `Submitted batch job ${job.id}\n`, stderr: says };
}
