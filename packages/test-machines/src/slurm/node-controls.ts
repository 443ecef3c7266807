import type { Machine } from '../machine-types.ts';
import { processesOf } from '../processes.ts';
import { until } from '../run.ts';
import type { SlurmCluster } from './cluster-types.ts';
import { prepare, startDaemon } from './daemons.ts';

interface Parts {
  login: Machine;
  nodes: ReadonlyMap<string, { machine: Machine; gpus: number }>;
  /** Folder of munged's socket, the same on all. */
  munge: string;
  conf: string;
  run: SlurmCluster['run'];
  logs(): string;
}

/** What can be done to the nodes of a cluster, and to slurmctld. */
export function nodeControls({ login, nodes, munge, conf, run, logs }: Parts) {
  const killed = new Set<string>();
  const nodeOf = (name: string) => {
    const found = nodes.get(name);
    if (!found) throw new Error(`there is no node "${name}"; there are ${[...nodes.keys()].join(', ')}`);
    return found;
  };
  const update = (node: string, ...changes: string[]) => run(['scontrol', 'update', `NodeName=${node}`, ...changes]);

  /** Waits until these nodes can be given jobs. */
  const usable = (names: readonly string[], signal?: AbortSignal) =>
    until(
      `the nodes ${names.join(', ')}`,
      async () => {
        const asked = run(['sinfo', '-h', '-N', '-n', names.join(','), '-o', '%N %t'], { check: false, timeoutMs: 5_000, signal });
        const { stdout } = await asked.catch(() => ({ stdout: '' })); // it asks for long when slurmctld does not listen yet
        const states = new Map(stdout.split('\n').map((line) => line.split(' ') as [string, string]));
        return names.every((name) => ['idle', 'mix', 'alloc'].includes(states.get(name) ?? ''));
      },
      { timeoutMs: 40_000, everyMs: 50, why: logs, signal },
    );

  return {
    allIdle: (signal?: AbortSignal) => usable([...nodes.keys()], signal),
    node: (name: string) => nodeOf(name).machine,
    async drain(node: string, reason = 'maintenance') {
      nodeOf(node);
      await update(node, 'State=DRAIN', `Reason=${reason}`);
    },
    async killNode(node: string) {
      const { machine } = nodeOf(node);
      await machine.cutNetwork();
      const others = () => processesOf(machine.initPid).filter(({ pid, name }) => pid !== machine.initPid && name !== 'sleep');
      signalAll(
        processesOf(machine.initPid).filter(({ pid }) => pid !== machine.initPid),
        'SIGKILL',
      );
      await until(`end of all on ${node}`, () => others().length === 0);
      killed.add(node);
      await update(node, 'State=DOWN', 'Reason=Not responding');
    },
    async resume(node: string) {
      const { machine, gpus } = nodeOf(node);
      if (killed.delete(node)) {
        await machine.restoreNetwork();
        await machine.exec(['/usr/sbin/sshd', '-E', '/run/sshd.log']);
        await prepare(machine, { munge, conf, gpus });
        await startDaemon(machine, 'slurmd', conf);
      }
      // A node that was down is taken back by itself when its slurmd calls, and then there is nothing to resume.
      await run(['scontrol', 'update', `NodeName=${node}`, 'State=RESUME'], { check: false });
      await usable([node]);
    },
    async expire(job: string, inS = 0) {
      await run(['scontrol', 'update', `JobId=${job}`, `EndTime=now+${inS}seconds`]);
    },
    async stopController() {
      const running = () => processesOf(login.initPid).filter(({ name }) => name === 'slurmctld');
      signalAll(running(), 'SIGTERM');
      await until('end of slurmctld', () => running().length === 0);
    },
    async startController() {
      await startDaemon(login, 'slurmctld', conf);
      await until('slurmctld', async () => (await run(['scontrol', 'ping'], { check: false })).stdout.includes('is UP'), {
        everyMs: 50,
        why: logs,
      });
      await usable([...nodes.keys()].filter((name) => !killed.has(name)));
    },
  };
}

function signalAll(processes: readonly { pid: number }[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // it ended meanwhile
    }
  }
}
