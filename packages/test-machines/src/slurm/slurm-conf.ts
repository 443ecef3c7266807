import type { SlurmOptions, SlurmPartition } from './cluster-types.ts';

/** Where things lie on login host and nodes. */
export const LOGS = '/var/log/slurm';
export const SPOOL = '/var/spool/slurm';
/** Character devices that stand for GPUs: Slurm only sets CUDA_VISIBLE_DEVICES for devices. `/dev` is this computer's own, so they lie elsewhere. */
export const GPU_DEVICES = '/var/lib/gpus/nvidia';

export interface NodeAddress {
  name: string;
  address: string;
  gpus: number;
}

export interface ConfFacts {
  clusterName: string;
  login: { name: string; address: string };
  nodes: readonly NodeAddress[];
  /** Of munged, the same path on all machines. */
  mungeSocket: string;
  options: SlurmOptions;
}

/** `slurm.conf`, see slurm.conf(5) of 22.05. Every machine has the same. */
export function slurmConf({ clusterName, login, nodes, mungeSocket, options }: ConfFacts): string {
  const { gpuType = 'a100', cpusPerNode = 8, memoryMiB = 16_000, accounting = false, enforceLimits = false, killWaitS = 3 } = options;
  return lines([
    `ClusterName=${clusterName}`,
    `SlurmctldHost=${login.name}(${login.address})`,
    'SlurmctldPort=6817',
    'SlurmdPort=6818',
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    'CredType=cred/munge',
    `AuthInfo=socket=${mungeSocket}`,
    `StateSaveLocation=${SPOOL}/slurmctld`,
    `SlurmdSpoolDir=${SPOOL}/slurmd`,
    'SlurmctldPidFile=/run/slurmctld.pid',
    'SlurmdPidFile=/run/slurmd.pid',
    `SlurmctldLogFile=${LOGS}/slurmctld.log`,
    `SlurmdLogFile=${LOGS}/slurmd.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0,bf_interval=5',
    // The nodes have more than this computer.
    'SlurmdParameters=config_overrides',
    'ReturnToService=2',
    'MpiDefault=none',
    'MailProg=/bin/true',
    'SwitchType=switch/none',
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherFrequency=task=1',
    'MinJobAge=300',
    `KillWait=${killWaitS}`,
    'SlurmdTimeout=300',
    'GresTypes=gpu',
    ...(accounting
      ? [
          'AccountingStorageType=accounting_storage/slurmdbd',
          `AccountingStorageHost=${login.address}`,
          'AccountingStoragePort=6819',
          // With munge this is no password but its socket; AuthInfo is not asked on the way to slurmdbd.
          `AccountingStoragePass=${mungeSocket}`,
          'AccountingStorageTRES=gres/gpu',
          ...(enforceLimits ? ['AccountingStorageEnforce=associations,limits,qos'] : []),
        ]
      : ['AccountingStorageType=accounting_storage/none']),
    ...nodes.map(
      ({ name, address, gpus }) =>
        `NodeName=${name} NodeAddr=${address} CPUs=${cpusPerNode} Boards=1 SocketsPerBoard=1 CoresPerSocket=${cpusPerNode} ThreadsPerCore=1 ` +
        `RealMemory=${memoryMiB}${gpus > 0 ? ` Gres=gpu:${gpuType}:${gpus}` : ''} State=UNKNOWN`,
    ),
    ...(options.partitions ?? usualPartitions(nodes)).map(partitionLine),
    ...(options.conf ?? []),
  ]);
}

function usualPartitions(nodes: readonly NodeAddress[]): SlurmPartition[] {
  const named = (prefix: string) =>
    nodes
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .join(',');
  const [gpu, cpu] = [named('gpu'), named('cpu')];
  return [{ name: 'gpu', nodes: gpu }, ...(cpu === '' ? [] : [{ name: 'cpu', nodes: cpu }]), { name: 'short', nodes: gpu, maxTime: '1' }];
}

const partitionLine = (partition: SlurmPartition, index: number): string =>
  [
    `PartitionName=${partition.name}`,
    `Nodes=${partition.nodes}`,
    `Default=${(partition.default ?? index === 0) ? 'YES' : 'NO'}`,
    `MaxTime=${partition.maxTime ?? 'INFINITE'}`,
    ...(partition.options ?? []),
  ].join(' ');

/** `gres.conf`: the devices of each node that has GPUs. */
export const gresConf = (nodes: readonly NodeAddress[], gpuType = 'a100'): string =>
  lines(
    nodes
      .filter(({ gpus }) => gpus > 0)
      .map(
        ({ name, gpus }) =>
          `NodeName=${name} Name=gpu Type=${gpuType} File=${GPU_DEVICES}${gpus === 1 ? '0' : `[0-${gpus - 1}]`} Flags=nvidia_gpu_env`,
      ),
  );

/** `slurmdbd.conf`: slurmdbd looks for it beside the slurm.conf that it is given. */
export const slurmdbdConf = (login: { name: string; address: string }, mungeSocket: string): string =>
  lines([
    'AuthType=auth/munge',
    `AuthInfo=socket=${mungeSocket}`,
    `DbdHost=${login.name}`,
    `DbdAddr=${login.address}`,
    'DbdPort=6819',
    'SlurmUser=root',
    `LogFile=${LOGS}/slurmdbd.log`,
    'PidFile=/run/slurmdbd.pid',
    'StorageType=accounting_storage/mysql',
    'StorageHost=localhost',
    'StorageUser=root',
    'StorageLoc=slurm_acct_db',
  ]);

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
