import type { Host, RenderedStep } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import { OWNER_IN_NAME, parseMachineName } from '../contract/name.ts';
import type { CallOptions, Provider, ProviderContext } from '../contract/provider.ts';
import { remembered } from '../core/remembered.ts';
import { maskSecrets } from '../core/secrets.ts';
import { checkCluster } from './check.ts';
import { explain, PROVIDER } from './explain.ts';
import type { SlurmJob } from './job.ts';
import { inJob, type InJobOptions } from './in-job.ts';
import { jobLook, type JobLook, type LookOptions } from './look.ts';
import { type Submitted, toMachine } from './machine.ts';
import { parseNodes, SINFO_ARGS, type SlurmNode } from './nodes.ts';
import { toOffers } from './offers.ts';
import { sharedPoll } from './poll.ts';
import type { SlurmUsage } from './sacct.ts';
import { parseClusterName } from './scontrol.ts';
import type { SlurmSettings } from './settings.ts';
import { parseQueue, SQUEUE_ARGS } from './squeue.ts';
import { parseSubmitted, submissionOf } from './submission.ts';
import { slurmTools, type SlurmTools } from './tools.ts';

/** A batch system behind a login host, with what its jobs alone have. */
export interface SlurmProvider extends Provider {
  /** What it was opened with. */
  readonly settings: SlurmSettings;
  /** The login host, opened when it is first asked for; closed with the provider. */
  host(): Promise<Host>;
  /** Jobs as Slurm sees them, by id. Null: nobody knows the job (any more). One that is not in the answer could not be looked at. */
  jobs(refs: readonly MachineRef[], options?: CallOptions): Promise<Map<string, SlurmJob | null>>;
  /** Every node in each of its partitions, hidden ones too: sbatch knows them. */
  nodes(options?: CallOptions): Promise<SlurmNode[]>;
  /** What a job used; null: the cluster keeps no accounts, its database does not answer, or has not written it down yet. */
  usage(ref: MachineRef, options?: CallOptions): Promise<SlurmUsage | null>;
  /**
   * The output of a command that is run beside a job that runs, on its first node, with what the job has; it takes nothing from the job, and is
   * never a job of its own. Null: it cannot be had: the job does not run, `srun` is not there or may not, the command failed, or took too long.
   * @throws only when the signal was aborted
   */
  inJob(ref: MachineRef, command: readonly [string, ...string[]], options?: InJobOptions): Promise<string | null>;
  /** Absolute path of the job's output on the login host. */
  logPath(ref: MachineRef, options?: CallOptions): Promise<string>;
}

/** Lines of a log that are read at once, from its end, bytes. */
const MOST_LOG_BYTES = 16 * 1024 * 1024;

export function openSlurm({
  context,
  settings,
  target,
}: {
  context: ProviderContext;
  settings: SlurmSettings;
  target: string;
}): SlurmProvider {
  const tools = slurmTools({ context, target });
  const common = settings.cluster === undefined ? [] : [`--clusters=${settings.cluster}`];
  const poll = sharedPoll({
    io: context,
    intervalMs: settings.poll_interval_s * 1000,
    look: async () => parseQueue(await tools.ask({ op: 'observe', tool: 'squeue', args: [...common, ...SQUEUE_ARGS] })),
  });
  const look = jobLook({ io: context, tools, poll, common });
  const submitted = new Map<string, Submitted>();
  const logs = new Map<string, string>();
  /** When a job was last submitted here: what was seen before does not have it. */
  let submittedMs = -Infinity;
  const seen = (op: string, options: CallOptions | undefined, since = submittedMs): LookOptions => ({ op, since, signal: options?.signal });
  const machineOf = (job: SlurmJob): Machine => toMachine(job, submitted.get(job.id));
  const nodes = async (op: string, args: readonly string[], signal: AbortSignal | undefined): Promise<SlurmNode[]> =>
    parseNodes(await tools.ask({ op, tool: 'sinfo', args: [...common, ...args], signal }));
  const home = remembered(async (signal: AbortSignal | undefined) =>
    (await tools.ask({ op: 'logs', tool: 'printenv', args: ['HOME'], signal })).trim(),
  );
  const logPath: SlurmProvider['logPath'] = async (ref, options) => {
    const told = logs.get(ref.id) ?? (await look.shown(ref.id, { op: 'logs', signal: options?.signal }))?.stdoutPath;
    const path = told ?? `${settings.remote_dir}/${parseMachineName(ref.name)?.run ?? ''}/${ref.name}.log`;
    return path.startsWith('~') ? (await home(options?.signal)) + path.slice(1) : path;
  };
  const account = remembered((signal: AbortSignal | undefined) => payer(tools, common, signal));

  return {
    settings,
    host: () => tools.host(),
    check: (options) => checkCluster({ tools, look, settings, common, signal: options?.signal }),
    account: (options) => account(options?.signal),

    async *offers(query, options) {
      options?.signal?.throwIfAborted();
      if (query.workload !== 'batch') return;
      const at = new Date(context.now()).toISOString();
      yield* toOffers(await nodes('offers', SINFO_ARGS, options?.signal), { query, settings, at });
    },

    plan: (spec) => planOf(spec, settings, tools.login),

    create: async (spec, { signal }) => {
      const { argv, script, folder, log } = submissionOf(spec, settings);
      const [tool, ...args] = argv;
      const text = await tools
        .ask({ op: 'create', tool, args, stdin: script, folder, signal })
        .finally(() => (submittedMs = context.monotonic()));
      const made = parseSubmitted(text);
      if (made === null) {
        throw providerError({
          kind: 'unknown-outcome',
          provider: PROVIDER,
          op: 'create',
          message: 'the answer of sbatch holds no job id: a job may be in the queue',
          providerMessage: context.redact(text.trim().slice(0, 300)),
        });
      }
      const ref: MachineRef = { provider: PROVIDER, id: made.id, name: spec.name, region: spec.offer.region, zone: made.cluster };
      submitted.set(made.id, { ref, priceUsdPerHour: spec.offer.priceUsdPerHour, priceSource: spec.offer.priceSource });
      logs.set(made.id, log.startsWith('/') ? log : `${folder}/${log}`);
      return machineOf(justSubmitted(made.id, spec, new Date(context.now()).toISOString()));
    },

    observe: async (refs, options) => {
      if (refs.length === 0) return new Map<string, Machine | null>();
      const found = await look.jobs(
        refs.map(({ id }) => id),
        seen('observe', options),
      );
      return new Map(
        refs.flatMap((ref): [string, Machine | null][] => {
          const job = found.get(ref.id);
          return job === undefined ? [] : [[ref.id, job === null ? null : { ...machineOf(job), ref }]];
        }),
      );
    },

    // A look from before does not know what was done since.
    find: async (name, options) => {
      const job = await look.named(name, seen('find', options, context.monotonic()));
      return job === null ? null : machineOf(job);
    },

    terminate: (ref, options) => terminate({ ref, look, tools, common, seen: seen('terminate', options) }),

    async *owned(filter, options) {
      const owner = filter.owner?.slice(0, OWNER_IN_NAME);
      for (const job of await look.queue(seen('owned', options))) {
        const name = parseMachineName(job.name);
        if (name === null || job.over) continue;
        if ((owner !== undefined && name.owner6 !== owner) || (filter.run !== undefined && name.run !== filter.run)) continue;
        yield machineOf(job);
      }
    },

    async *logs(ref, options) {
      const path = await logPath(ref, options);
      const answer = await tools.run({
        op: 'logs',
        tool: 'tail',
        args: ['-c', String(MOST_LOG_BYTES), '--', path],
        signal: options?.signal,
      });
      // One that has not started has none.
      if (answer.code === 0 && answer.stdout !== '') yield* answer.stdout.replace(/\n$/, '').split('\n');
      if (answer.code !== 0 && !/No such file/i.test(answer.stderr)) {
        throw explain({ op: 'logs', tool: 'tail', login: tools.login, text: answer.stderr, code: answer.code });
      }
    },

    jobs: (refs, options) =>
      refs.length === 0
        ? Promise.resolve(new Map<string, SlurmJob | null>())
        : look.jobs(
            refs.map(({ id }) => id),
            seen('jobs', options),
          ),
    nodes: (options) => nodes('nodes', ['--all', ...SINFO_ARGS], options?.signal),
    usage: (ref, options) => look.usage(ref.id, { op: 'usage', signal: options?.signal }),
    inJob: (ref, command, options) => inJob({ ref, command, tools, common, options }),
    logPath,
    close: () => tools.close(),
  };
}

/** What a job is before Slurm was asked about it. */
function justSubmitted(id: string, spec: MachineSpec, at: string): SlurmJob {
  return {
    id,
    name: spec.name,
    state: 'PENDING',
    flags: [],
    cancelledBy: null,
    over: false,
    reason: null,
    partition: spec.offer.region,
    nodeList: null,
    submittedAt: at,
    startsAt: null,
    endsAt: null,
    exitCode: null,
    signal: null,
    stdoutPath: null,
    source: 'squeue',
  };
}

/** Whoever may end the jobs: a cluster, and a user there. */
async function payer(tools: SlurmTools, common: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const cluster = parseClusterName(await tools.ask({ op: 'account', tool: 'scontrol', args: [...common, 'show', 'config'], signal }));
  const user = (await tools.ask({ op: 'account', tool: 'id', args: ['-un'], signal })).trim();
  if (cluster !== null && user !== '') return `${user} on ${cluster}`;
  throw providerError({ kind: 'transient', provider: PROVIDER, op: 'account', message: `${tools.login} does not tell cluster and user` });
}

async function terminate(o: {
  ref: MachineRef;
  look: JobLook;
  tools: SlurmTools;
  common: readonly string[];
  seen: LookOptions;
}): Promise<'gone' | 'accepted' | 'still-there'> {
  const { ref, look, tools, common, seen } = o;
  const job = (await look.jobs([ref.id], seen)).get(ref.id);
  // What is over, or that nobody knows, holds nothing any more.
  if (job === null || job?.over === true) return 'gone';
  const answer = await tools.run({ op: 'terminate', tool: 'scancel', args: [...common, ref.id], signal: seen.signal });
  if (answer.code === 0 || /Invalid job id|already completing or completed/i.test(answer.stderr)) return 'accepted';
  throw explain({ op: 'terminate', tool: 'scancel', login: tools.login, text: answer.stderr.trim() || answer.stdout, code: answer.code });
}

function planOf(spec: MachineSpec, settings: SlurmSettings, login: string): RenderedStep[] {
  const { argv, script, folder } = submissionOf(spec, settings);
  return maskSecrets<RenderedStep[]>(
    [
      {
        kind: 'file',
        description: `the script of ${spec.name}, which sbatch reads on its stdin`,
        path: `${folder}/${spec.name}.sbatch`,
        content: script,
      },
      { kind: 'command', description: `submit ${spec.name} on ${login}`, argv, cwd: folder },
    ],
    spec.secrets,
  );
}
