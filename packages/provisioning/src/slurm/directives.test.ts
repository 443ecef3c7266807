import { describe, expect, it } from 'vitest';
import { DEFAULT_NODES, DEFAULT_PARTITIONS } from '../testing/slurm/options.ts';
import { sinfoLines } from '../testing/slurm/formats.ts';
import { slurmWorld } from '../testing/slurm/world.ts';
import { checkDirectives, type SlurmDirectives, slurmDirectives, slurmOptions } from './index.ts';
import { parseNodes, SINFO_ARGS } from './nodes.ts';

describe('directives', () => {
  it('are lines in a fixed order, of what is asked for and nothing else', () => {
    const lines = slurmDirectives({
      extra: ['--nice=100', '--exclusive'],
      comment: 'one, two',
      reservation: 'maintenance',
      exclude: 'node[01-04],node7',
      constraint: 'nvlink&a100',
      mem: '64G',
      cpus_per_task: 8,
      gpus: 8,
      gpus_per_node: 'a100:4',
      gres: 'gpu:a100:4',
      ntasks_per_node: 4,
      nodes: 2,
      time: 5400,
      qos: 'high',
      account: 'project1',
      partition: 'gpu',
    });
    expect(lines).toEqual([
      '#SBATCH --partition=gpu',
      '#SBATCH --account=project1',
      '#SBATCH --qos=high',
      '#SBATCH --nodes=2',
      '#SBATCH --ntasks-per-node=4',
      '#SBATCH --gres=gpu:a100:4',
      '#SBATCH --gpus-per-node=a100:4',
      '#SBATCH --gpus=8',
      '#SBATCH --cpus-per-task=8',
      '#SBATCH --mem=64G',
      '#SBATCH --constraint="nvlink&a100"',
      '#SBATCH --exclude="node[01-04],node7"',
      '#SBATCH --reservation=maintenance',
      '#SBATCH --comment="one, two"',
      '#SBATCH --time=0-01:30:00',
      '#SBATCH --nice=100',
      '#SBATCH --exclusive',
    ]);
    expect(slurmDirectives({})).toEqual([]);
  });

  it.each<[SlurmDirectives, RegExp]>([
    [{ partition: 'gpu\n#SBATCH --uid=0' }, /slurm.partition cannot be/],
    [{ partition: 'gpu --uid=0' }, /slurm.partition/],
    [{ partition: '--uid=0' }, /slurm.partition/],
    [{ account: '' }, /slurm.account/],
    [{ qos: '$(id)' }, /slurm.qos/],
    [{ nodes: 0 }, /slurm.nodes/],
    [{ nodes: 1.5 }, /slurm.nodes/],
    [{ gres: 'gpu:2 --uid=0' }, /slurm.gres/],
    [{ gpus: 'two' }, /slurm.gpus/],
    [{ mem: '64 G' }, /slurm.mem/],
    [{ time: 0 }, /slurm.time/],
    [{ time: Number.NaN }, /slurm.time/],
    [{ constraint: 'a" --uid=0' }, /slurm.constraint/],
    [{ exclude: 'a b' }, /slurm.exclude/],
    [{ comment: 'two\nlines' }, /slurm.comment/],
    [{ comment: 'a "quote"' }, /slurm.comment/],
    [{ comment: 'a \\' }, /slurm.comment/],
    [{ comment: 'a\u0085b' }, /slurm.comment/],
    [{ extra: ['nice'] }, /slurm.extra: "nice" is no option/],
    [{ extra: ['--nice=1\n#SBATCH --uid=0'] }, /slurm.extra/],
    [{ extra: ['--nice=1" --uid=0 "'] }, /slurm.extra/],
    [{ extra: ['--nice --uid=0'] }, /slurm.extra/],
    [{ extra: ['-N2'] }, /slurm.extra/],
    [{ extra: ['--partition=gpu'] }, /has a key of its own: slurm.partition/],
    [{ extra: ['--part=gpu'] }, /has a key of its own: slurm.partition/],
    [{ extra: ['--gpus-per-node=2'] }, /slurm.gpus_per_node/],
    [{ extra: ['--ntasks-per-n=2'] }, /slurm.ntasks_per_node/],
    [{ extra: ['--job-name=x'] }, /--job-name is set by bench/],
    [{ extra: ['--job=x'] }, /--job is set by bench/],
    [{ extra: ['--wrap=id'] }, /--wrap is set by bench/],
    [{ extra: ['--requeue'] }, /--requeue is set by bench/],
    [{ extra: ['--array=1-3'] }, /--array is set by bench/],
  ])('refuses %j', (directives, message) => {
    expect(() => slurmDirectives(directives)).toThrow(
      expect.objectContaining({ code: 'BENCH_SLURM_DIRECTIVE', exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  // Every long option of sbatch(1) that has no key and is not bench's. The beginning of another is not that other.
  it.each([
    'acctg-freq=30',
    'batch=x',
    'bb=x',
    'bbf=x',
    'begin=now',
    'cluster-constraint=x',
    'container=x',
    'contiguous',
    'core-spec=1',
    'cores-per-socket=1',
    'cpu-freq=low',
    'cpus-per-gpu=1',
    'deadline=now',
    'delay-boot=1',
    'distribution=block',
    'exclusive',
    'extra-node-info=1',
    'gpu-bind=none',
    'gpu-freq=low',
    'gpus-per-socket=1',
    'gpus-per-task=1',
    'gres-flags=enforce-binding',
    'hint=nomultithread',
    'kill-on-invalid-dep=yes',
    'licenses=x',
    'mail-type=END',
    'mail-user=x',
    'mcs-label=x',
    'mem-bind=local',
    'mem-per-cpu=1G',
    'mem-per-gpu=1G',
    'mincpus=1',
    'network=x',
    'nice=1',
    'no-kill',
    'nodefile=x',
    'nodelist=x',
    'ntasks=4',
    'ntasks-per-core=1',
    'ntasks-per-gpu=1',
    'ntasks-per-socket=1',
    'overcommit',
    'oversubscribe',
    'power=level',
    'prefer=x',
    'priority=1',
    'profile=none',
    'propagate=NONE',
    'reboot',
    'sockets-per-node=1',
    'spread-job',
    'switches=1',
    'thread-spec=1',
    'threads-per-core=1',
    'time-min=1',
    'tmp=1G',
    'use-min-nodes',
    'wait-all-nodes=1',
    'wckey=x',
  ])('takes --%s', (option) => expect(slurmDirectives({ extra: [`--${option}`] })).toEqual([`#SBATCH --${option}`]));

  it('names all that is wrong at once', () => {
    expect(() => slurmOptions({ partition: ' ', mem: 'x', extra: ['y'] })).toThrow(/slurm\.partition.*\n.*slurm\.mem.*\n.*slurm\.extra/);
  });
});

describe('directives against what sinfo tells', () => {
  const format = SINFO_ARGS.at(-1)?.replace('--format=', '') ?? '';
  const nodes = parseNodes(
    sinfoLines(
      format,
      slurmWorld({ nodes: DEFAULT_NODES, partitions: [...DEFAULT_PARTITIONS, { name: 'closed', nodes: ['cpu0'], state: 'down' }] }),
    ).join('\n'),
  );

  const most = Math.max(...nodes.map(({ memoryMb }) => memoryMb));

  it.each<[SlurmDirectives]>([
    [{}],
    [{ partition: 'gpu', gres: 'gpu:h100:8', nodes: 4 }],
    [{ gpus_per_node: 8 }],
    [{ gpus: 'a100:16' }],
    [{ partition: 'short', time: 1800 }],
    [{ partition: 'cpu', time: 1e9 }],
    [{ partition: 'short,gpu', time: 3600 }],
    [{ gres: 'gpu:H100:8' }],
    [{ constraint: 'nvlink' }],
    [{ constraint: 'nvlink&nothing' }],
    [{ gres: 'shard:1' }],
    [{ mem: 0 }],
    [{ mem: most }],
    [{ mem: `${most}M`, exclude: 'gpu[0-1,3],big0' }],
    [{ exclude: 'gpu0,cpu0' }],
    [{ exclude: 'gpu[0-1' }],
  ])('%j fits', (directives) => expect(checkDirectives(directives, nodes)).toEqual([]));

  it.each<[SlurmDirectives, string, RegExp, RegExp]>([
    [{ partition: 'gpus' }, 'partition', /no partition "gpus"/, /did you mean "gpu"/],
    [{ partition: 'nothing-like-it' }, 'partition', /no partition/, /there are: gpu, cpu, short, closed/],
    [{ partition: 'closed' }, 'partition', /takes no jobs/, /sinfo -s/],
    [{ gres: 'gpu:h100:9' }, 'gres', /9 GPUs of type "h100" of a node.*more than 8/, /at most 8/],
    [{ gpus_per_node: 'a100:5' }, 'gpus_per_node', /more than 4/, /at most 4/],
    [{ gpus: 'a100:17' }, 'gpus', /has 16 in all/, /less/],
    [{ gres: 'gpu:h10:1' }, 'gres', /no GPU of type "h10"/, /did you mean "h100"/],
    [{ gres: 'gpu:v100:1' }, 'gres', /no GPU of type "v100"/, /h100|a100/],
    [{ partition: 'cpu', gpus: 1 }, 'gpus', /"cpu" has no GPUs/, /another partition/],
    [{ nodes: 9 }, 'nodes', /9 nodes.*has 8/, /at most 8/],
    [{ partition: 'short', nodes: 2 }, 'nodes', /has 2 and a job may have 1/, /at most 1/],
    [{ partition: 'short', time: 1801 }, 'time', /0-00:30:01 is asked for; partition "short" allows 0-00:30:00/, /shorten/],
    [{ cpus_per_task: 33, ntasks_per_node: 2 }, 'cpus_per_task', /66 CPUs.*more than 64/, /less/],
    [{ mem: most + 1 }, 'mem', /\d+M of memory of a node.*no node of partition "gpu" has more than \d+M/, /less/],
    [{ mem: '900T' }, 'mem', /^900T of memory/, /slurm.mem/],
    [{ exclude: 'gpu[2-4]' }, 'exclude', /no node "gpu4"/, /did you mean "gpu/],
    [{ exclude: 'gpu0,elsewhere' }, 'exclude', /no node "elsewhere"/, /sinfo -N/],
    [{ exclude: 'gpu[01]' }, 'exclude', /no node "gpu01"/, /./],
    [{ exclude: 'rack[1-2]node[1-2]' }, 'exclude', /no node "rack1node1"/, /./],
    [{ constraint: 'nvlnk' }, 'constraint', /no node.*feature "nvlnk"/, /did you mean "nvlink"/],
  ])('%j does not', (directives, directive, message, hint) => {
    expect(checkDirectives(directives, nodes)).toEqual([
      {
        code: expect.stringMatching(/^BENCH_SLURM_/),
        directive,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      },
    ]);
  });

  it('says nothing when nothing is known', () => expect(checkDirectives({ partition: 'x' }, [])).toEqual([]));
});
