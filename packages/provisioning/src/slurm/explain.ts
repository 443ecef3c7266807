import { BenchError, type ErrorScope, messageOf } from '@bench/core';
import { providerError, type ProviderErrorKind } from '../contract/error.ts';

export const PROVIDER = 'slurm';

interface Meaning {
  kind: ProviderErrorKind;
  message: string;
  hint: string;
  scope?: ErrorScope;
}

const meaning = (
  pattern: RegExp,
  kind: ProviderErrorKind,
  message: string,
  hint: string,
  scope?: ErrorScope,
): { pattern: RegExp; found: Meaning } => ({ pattern, found: { kind, message, hint, ...(scope === undefined ? {} : { scope }) } });

const AT_REST = 'this passes by itself; ask the cluster’s administrators when it does not';
const PARTITIONS = 'sinfo -s lists the partitions; name another one with slurm.partition';

/**
 * What Slurm's tools say when they fail: texts of slurm_errno.c and of the tools, the first that fits. A partition is the region of an offer,
 * so what only another partition can mend rules out the region.
 */
const MEANINGS: readonly { pattern: RegExp; found: Meaning }[] = [
  // The controller may have taken the job all the same.
  meaning(
    /Socket timed out|Zero Bytes were transmitted|Message receive failure|Communication (shutdown|connection) failure|Connection reset|Transport endpoint/i,
    'unknown-outcome',
    'the controller did not answer in time',
    AT_REST,
  ),
  meaning(
    /Unable to contact slurm controller|slurm_load_\w+ error: .*connect failure|Connection refused/i,
    'transient',
    'the controller cannot be reached',
    AT_REST,
  ),
  meaning(/munge/i, 'transient', 'the login host cannot prove who you are: munge does not answer there', AT_REST),
  meaning(/Protocol authentication error|Invalid job credential/i, 'transient', 'the controller does not believe who you are', AT_REST),
  meaning(
    /temporarily unable to accept job|Resource temporarily unavailable|job queue (is )?full|Slurmctld.*busy/i,
    'rate-limit',
    'the queue takes no job now',
    'wait, or end other jobs',
  ),
  meaning(
    /No space left|Disk quota exceeded|EDQUOT|ENOSPC|error writing script/i,
    'quota',
    'there is no room for the job’s files',
    'make room there, or name another folder: providers.slurm.remote_dir',
    'provider',
  ),
  meaning(/invalid partition|partition name/i, 'request', 'there is no such partition', PARTITIONS),
  meaning(
    /partition not available|partition.* (down|inactive|drain)/i,
    'capacity',
    'the partition takes no jobs now',
    PARTITIONS,
    'region',
  ),
  meaning(
    /group not permitted|not permitted to use|Access\/permission denied|not allowed to (submit|use)/i,
    'quota',
    'you may not use that partition',
    'ask the cluster’s administrators, or name another partition, account or qos',
    'region',
  ),
  meaning(
    /Invalid account/i,
    'request',
    'the account is not yours, or not for that partition',
    'sacctmgr show assoc user=$USER format=account,partition,qos lists what is; name it with slurm.account',
  ),
  meaning(
    /Invalid qos/i,
    'request',
    'there is no such quality of service for you',
    'sacctmgr show assoc user=$USER format=account,qos lists yours; name it with slurm.qos',
  ),
  meaning(
    /accounting\/QOS policy|(QOS|Assoc)\w*(Limit|PerUser|PerJob|PerAccount)|policy limit|GrpTRES|submit limit/i,
    'quota',
    'a limit of the account or of its quality of service does not allow it',
    'ask for less (GPUs, nodes, time), wait until other jobs end, or name another account or qos',
    'region',
  ),
  meaning(
    /time limit is invalid|exceeds.*time limit/i,
    'quota',
    'the partition allows less time',
    "shorten slurm.time, or name another partition: sinfo -o '%P %l' shows their limits",
    'region',
  ),
  meaning(/Invalid --?time|Invalid time/i, 'request', 'that is no time limit', 'write slurm.time as "01:30:00"'),
  meaning(
    /node configuration is not available|More processors requested|Node count specification|can ?not be satisfied|Requested nodes? (is|are) (not|busy)|Requested .*(exceed|too)/i,
    'capacity',
    'no node of the partition has what the job asks for',
    "ask for less, or name another partition: sinfo -N -o '%N %P %G %c %m' shows what the nodes have",
    'region',
  ),
  meaning(/Invalid feature/i, 'request', 'no node has such a feature', "mend slurm.constraint: sinfo -o '%P %f' shows the features"),
  meaning(
    /reservation/i,
    'request',
    'the reservation is not there, or not yours',
    'scontrol show reservation lists them; mend slurm.reservation',
  ),
  meaning(/Invalid node name|node name specified/i, 'request', 'there is no such node', 'mend slurm.exclude: sinfo -N lists the nodes'),
  meaning(/generic resource|gres/i, 'request', 'there is no such resource', "mend slurm.gres: sinfo -o '%P %G' shows what there is"),
  meaning(
    /No cluster '|specified.*cluster|Invalid cluster/i,
    'request',
    'there is no such cluster',
    'mend providers.slurm.cluster: sacctmgr list clusters shows them',
  ),
  meaning(
    /unrecognized option|invalid option|unknown option|Invalid .*specification|requires an argument/i,
    'request',
    'an option is not understood there',
    'look at the recipe’s slurm section; older versions of Slurm know fewer options',
  ),
];

/** What a tool that ended with a code other than 0 means. */
export function explain(o: { op: string; tool: string; login: string; text: string; code: number | null }): BenchError {
  const words = o.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const told = words.join('; ').slice(0, 500);
  const found = MEANINGS.find(({ pattern }) => pattern.test(told))?.found;
  const lost = found?.kind === 'unknown-outcome';
  // Only a submission changes something whose outcome matters.
  const kind = found === undefined ? 'request' : lost && o.op !== 'create' ? 'transient' : found.kind;
  return providerError({
    kind,
    provider: PROVIDER,
    op: o.op,
    message: found?.message ?? `${o.tool} failed on ${o.login}${o.code === null ? '' : ` with code ${o.code}`}`,
    hint: found?.hint,
    scope: found?.scope,
    providerMessage: told,
  });
}

/** Codes of a connection that was refused for who we are, or who the host is: to try again is no use. */
const NOT_LET_IN: ReadonlySet<string> = new Set([
  'BENCH_SSH_AUTH',
  'BENCH_SSH_HOST_KEY',
  'BENCH_SSH_CONFIG',
  'BENCH_SSH_TARGET',
  'BENCH_HOST_TARGET',
]);

/** What an error of the host means: a connection that could not be made, or was lost. After `create`, the job may be in the queue. */
export function connectionError(cause: unknown, o: { op: string; login: string; sent: boolean }): BenchError {
  const told = BenchError.is(cause) ? cause : null;
  const kind: ProviderErrorKind = NOT_LET_IN.has(told?.code ?? '') ? 'auth' : o.sent && o.op === 'create' ? 'unknown-outcome' : 'transient';
  return providerError({
    kind,
    provider: PROVIDER,
    op: o.op,
    message: `${o.login}: ${messageOf(cause)}`,
    hint: told?.hint ?? (kind === 'auth' ? `see that "ssh ${o.login}" works` : undefined),
    // A host is a host: what it means that one cannot be reached does not depend on what it is for.
    exitCode: kind === 'unknown-outcome' ? undefined : told?.exitCode,
    cause,
  });
}
