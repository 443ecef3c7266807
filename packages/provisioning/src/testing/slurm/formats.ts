import { isGone, type FakeSlurmJob, type SlurmWorld } from './world.ts';

/** As Slurm prints times, in UTC. */
export const timeText = (ms: number | null): string =>
  ms === null || !Number.isFinite(ms) ? 'N/A' : new Date(ms).toISOString().slice(0, 19);

const limitText = (seconds: number | null): string => {
  if (seconds === null) return 'UNLIMITED';
  const two = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  return `${days > 0 ? `${days}-` : ''}${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

/** When a job that runs ends at the latest. */
function endOf(job: FakeSlurmJob): number | null {
  if (job.endedAt !== null) return job.endedAt;
  return job.startedAt === null ? null : job.startedAt + (job.timeLimitS ?? Infinity) * 1000;
}

/** Where its output is. */
export const outputOf = (job: FakeSlurmJob): string => {
  const name = job.output.replaceAll('%j', String(job.id));
  return name.startsWith('/') ? name : `${job.folder}/${name}`;
};

const SQUEUE: Readonly<Record<string, (job: FakeSlurmJob) => string>> = {
  i: (job) => String(job.id),
  A: (job) => String(job.id),
  F: (job) => String(job.id),
  T: (job) => job.state,
  j: (job) => job.name,
  N: (job) => job.nodeList,
  r: (job) => job.reason,
  P: (job) => job.partition,
  V: (job) => timeText(job.submittedAt),
  S: (job) => timeText(job.startedAt ?? (job.reason === 'Resources' ? job.submittedAt + 60_000 : null)),
  e: (job) => timeText(endOf(job)),
  k: (job) => (job.comment === '' ? '(null)' : job.comment),
  u: (job) => job.user,
  l: (job) => limitText(job.timeLimitS),
};

const fill = <T>(format: string, fields: Readonly<Record<string, (of: T) => string>>, of: T): string =>
  format.replaceAll(/%(\w)/g, (all, letter: string) => fields[letter]?.(of) ?? all);

export const squeueLine = (format: string, job: FakeSlurmJob): string => fill(format, SQUEUE, job);

interface NodeInPartition {
  node: SlurmWorld['nodes'][number];
  partition: SlurmWorld['partitions'][number];
}

const SINFO: Readonly<Record<string, (of: NodeInPartition) => string>> = {
  N: ({ node }) => node.name,
  t: ({ node }) => node.state,
  G: ({ node }) => node.gres,
  c: ({ node }) => String(node.cpus),
  m: ({ node }) => String(node.memoryMb),
  P: ({ partition }) => `${partition.name}${partition.isDefault === true ? '*' : ''}`,
  l: ({ partition }) => partition.timeLimit ?? 'infinite',
  a: ({ partition }) => partition.state ?? 'up',
  s: ({ partition }) => partition.jobSize ?? '1-infinite',
  f: ({ node }) => (node.features.length === 0 ? '(null)' : node.features.join(',')),
};

/** A line for each node in each of its partitions. */
export function sinfoLines(format: string, world: SlurmWorld): string[] {
  return world.partitions.flatMap((partition) =>
    partition.nodes.flatMap((name) => {
      const node = world.nodes.find((one) => one.name === name);
      return node === undefined ? [] : [fill(format, SINFO, { node, partition })];
    }),
  );
}

const tresOf = (job: FakeSlurmJob): string => {
  if (job.startedAt === null) return '';
  const gpus = /(\d+)$/.exec(job.gres ?? '')?.[1];
  return ['billing=4', 'cpu=4', ...(gpus === undefined ? [] : [`gres/gpu=${gpus}`]), 'mem=8G', `node=${job.nodes}`].join(',');
};

/** The fields of a job, or of its step `batch`. */
export function sacctLine(format: string, job: FakeSlurmJob, o: { step: boolean; now: number; written: boolean }): string {
  const state = o.written || !isGone(job) ? job.state : 'RUNNING';
  const elapsed = job.startedAt === null ? 0 : Math.floor(((job.endedAt ?? o.now) - job.startedAt) / 1000);
  const fields: Record<string, string> = {
    JobID: `${job.id}${o.step ? '.batch' : ''}`,
    JobIDRaw: `${job.id}${o.step ? '.batch' : ''}`,
    JobName: o.step ? 'batch' : job.name,
    State: state === 'CANCELLED' && job.cancelledBy !== null && !o.step ? `CANCELLED by ${job.cancelledBy}` : state,
    ExitCode: job.exit,
    ElapsedRaw: String(elapsed),
    MaxRSS: o.step && o.written ? '123456K' : '',
    AllocTRES: tresOf(job),
    NodeList: job.nodeList === '' ? 'None assigned' : job.nodeList,
    Partition: o.step ? '' : job.partition,
    Submit: timeText(job.submittedAt),
    Start: job.startedAt === null ? 'Unknown' : timeText(job.startedAt),
    End: o.written ? timeText(job.endedAt) : 'Unknown',
    // It keeps none of a job that failed.
    Reason: o.step ? '' : 'None',
  };
  return format
    .split(',')
    .map((name) => fields[name] ?? '')
    .join('|');
}

export function scontrolLine(job: FakeSlurmJob): string {
  return [
    `JobId=${job.id}`,
    `JobName=${job.name}`,
    `UserId=${job.user}(1000)`,
    `GroupId=${job.user}(1000)`,
    'MCS_label=N/A Priority=4294901758 Nice=0 Account=default QOS=normal',
    `JobState=${job.state}`,
    `Reason=${job.reason}`,
    'Dependency=(null) Requeue=0 Restarts=0 BatchFlag=1 Reboot=0',
    `ExitCode=${job.exit}`,
    `TimeLimit=${limitText(job.timeLimitS)}`,
    `SubmitTime=${timeText(job.submittedAt)}`,
    `StartTime=${job.startedAt === null ? 'Unknown' : timeText(job.startedAt)}`,
    `EndTime=${endOf(job) === null ? 'Unknown' : timeText(endOf(job))}`,
    'Deadline=N/A',
    `Partition=${job.partition}`,
    'AllocNode:Sid=login1:7934 ReqNodeList=(null) ExcNodeList=(null)',
    `NodeList=${job.nodeList}`,
    `NumNodes=${job.nodes}`,
    'Command=(null)',
    `WorkDir=${job.folder}`,
    `StdErr=${outputOf(job)}`,
    'StdIn=/dev/null',
    `StdOut=${outputOf(job)}`,
    'Power=',
  ].join(' ');
}
