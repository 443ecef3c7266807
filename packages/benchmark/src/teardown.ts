import { type Io, messageOf } from '@bench/core';
import type { DeploymentRecord } from '@bench/deploy';
import type { Engine } from '@bench/recipe';
import { readJournal, readRunFile, runPaths, RunWriter } from '@bench/results';
import { adopt, type DeploymentsContext, endClients, takeDown } from './deployments.ts';
import { removeRunFolder } from './host-folders.ts';
import { machineOf, openReachable } from './machine.ts';
import { stateOf } from './run-state.ts';
import type { CloudAccess } from './run-options.ts';
import { siteOf } from './site-name.ts';
import { teardownSlurm } from './batch/slurm-run.ts';
import { teardownCloud } from './cloud/teardown-cloud.ts';

export interface TeardownOutcome {
  /** What was ended; `deployment` is empty for a machine on which nothing was up. */
  stopped: { deployment: string; machine: string }[];
  /** What could not be, in words. */
  leftBehind: string[];
}

/**
 * Ends everything that a run left up, on all its machines, and removes its files there. Repeatable.
 * @throws BenchError `BENCH_RUN_BUSY` while a process works on the run, and what connecting to its machines throws.
 */
export async function teardownRun(o: {
  dir: string;
  io: Io;
  engines?: readonly Engine[];
  /** Needed for a run whose machines were rented, and on a cluster. */
  cloud?: CloudAccess;
  on?: (text: string) => void;
}): Promise<TeardownOutcome> {
  const { io } = o;
  const { asked } = await readRunFile(o.dir);
  const site = siteOf(asked);
  const writer = await RunWriter.open(o.dir, io);
  try {
    if (site.kind === 'slurm') return await teardownSlurm({ writer, io, access: o.cloud, on: o.on });
    if (site.kind === 'cloud') return await teardownCloud({ writer, io, access: o.cloud, on: o.on });
    const { machines, failures } = await openReachable({
      io,
      site,
      tasks: [],
      containers: true,
      engines: o.engines,
      programFolders: [],
      cwd: o.dir,
      modelDir: asked.modelDir,
    });
    try {
      // With nothing to be reached there is nothing to do: the reason is the error's own.
      if (machines.length === 0) throw failures[0]?.error;
      const outcome: TeardownOutcome = { stopped: [], leftBehind: [] };
      const context: DeploymentsContext = { writer, io, on: () => undefined, several: machines.length > 1 };
      const state = async () => stateOf((await readJournal(runPaths.journal(o.dir), { missing: 'empty' })).events);
      const { live, open } = await state();
      for (const left of live) {
        const machine = machineOf(left, machines);
        if (!machine) {
          const why = failures.find(({ index }) => index === left.machine)?.error;
          const reason = why === undefined ? 'the machine is not of the run’s site' : io.redact(messageOf(why));
          outcome.leftBehind.push(`${left.machineName}: ${left.deployment} may still be up: ${reason}`);
          continue;
        }
        o.on?.(`${machine.name}: ending ${left.deployment} (${(left.record as DeploymentRecord).engine.name})`);
        try {
          await endClients(left, open, machine, writer.run.id);
          const adopted = await adopt(left, machine, context);
          const failure = adopted ? await takeDown(adopted, context) : null;
          if (failure === null) outcome.stopped.push({ deployment: left.deployment, machine: machine.name });
          else outcome.leftBehind.push(failure);
        } catch (error) {
          outcome.leftBehind.push(`${machine.name}: ${io.redact(messageOf(error))}`);
        }
      }
      for (const { name, index, error } of failures) {
        if (!live.some((left) => left.machine === index))
          outcome.leftBehind.push(`${name}: files of the run may be there: ${io.redact(messageOf(error))}`);
      }
      const { live: still } = await state();
      for (const machine of machines) {
        // What is still up needs its files to be taken down by.
        if (still.some((left) => left.machine === machine.index)) continue;
        await removeRunFolder(machine.host, machine.folders.run(writer.run.id), io.signal).catch((error: unknown) => {
          outcome.leftBehind.push(`${machine.name}: ${io.redact(messageOf(error))}`);
        });
      }
      return outcome;
    } finally {
      await Promise.allSettled(machines.map((machine) => machine.close()));
    }
  } finally {
    await writer.close();
  }
}
