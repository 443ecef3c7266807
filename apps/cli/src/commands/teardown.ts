import { type CloudAccess, teardownRun } from '@bench/benchmark';
import { BenchError, EXIT } from '@bench/core';
import { readRunFile, resolveRun, runPaths } from '@bench/results';
import { withCloudOfRun } from '../cloud-access.ts';
import { withSlurm } from '../slurm-access.ts';
import { withContext } from '../context.ts';
import { leftText, namingLeft } from '../left-machines.ts';
import { teardownCommand } from '../run-commands.ts';
import { runsNow } from '../runs-now.ts';
import { settingsFor } from './run.ts';
import { Progress } from '../ui/progress.ts';
import { styles } from '../ui/style.ts';

export interface TeardownFlags {
  out: string;
  dryRun?: true | undefined;
  config?: string | undefined;
  json?: true | undefined;
}

/** `bench teardown`. */
export async function teardown(run: string, flags: TeardownFlags): Promise<number> {
  const dir = await resolveRun(run, flags.out);
  const { id, asked } = await readRunFile(dir);
  const action = () => teardownIn(dir, flags);
  return asked.cloud === undefined || flags.dryRun ? action() : namingLeft({ run: id, out: flags.out }, action);
}

async function teardownIn(dir: string, flags: TeardownFlags): Promise<number> {
  const { view } = await withContext(({ io }) => runsNow(io)(dir), { stopText: null });
  const { id, asked } = view.run;
  const rented = view.rented.filter(({ state }) => state !== 'gone');
  const machines = rented.map(({ name }) => name);
  if (flags.dryRun) {
    const deployments = view.live.map(({ deployment, machineName }) => ({ deployment, machine: machineName }));
    const lines = [
      ...deployments.filter(({ machine }) => !machines.includes(machine)).map((left) => `would end ${endedText(left, machines)}`),
      ...machines.map((machine) => {
        const on = deployments.filter((left) => left.machine === machine).map(({ deployment }) => deployment);
        return `would end ${endedText({ machine, deployment: on.join(', ') }, machines)}, and look until it is gone`;
      }),
    ];
    if (flags.json) process.stdout.write(`${JSON.stringify({ id, dryRun: true, deployments, machines }, null, 1)}\n`);
    else process.stdout.write(lines.length === 0 ? `nothing of ${id} is up, as far as is known\n` : `${lines.join('\n')}\n`);
    return EXIT.ok;
  }
  const settings = await settingsFor(asked.site, flags);
  const access = {
    hosts: settings.hosts,
    ...(asked.ssh === undefined ? {} : { ssh: asked.ssh }),
    knownHosts: runPaths.knownHosts(dir),
    stopText: 'what was ended stays ended; again ends at once',
  };
  return withContext(async (context) => {
    const style = styles(process.stderr);
    const progress = new Progress({ stream: process.stderr, style, clock: context.io.monotonic });
    context.screen = progress;
    if (view.live.length > 0 || rented.length > 0)
      context.leaves = `what ${id} left up on ${asked.site} may still be; go on with: ${teardownCommand(id, flags.out)}`;
    progress.status(() => `looking at ${asked.site}`);
    const end = (cloud?: CloudAccess) =>
      teardownRun({ dir, io: context.io, engines: settings.engines, ...(cloud ? { cloud } : {}), on: (text) => progress.line(text) });
    const rentedOf = (cloud: CloudAccess) => {
      context.leavesNow = () => leftText({ ledger: cloud.ledger, run: id, out: flags.out });
      return end(cloud).finally(() => (context.leavesNow = null));
    };
    const ended = asked.batch
      ? withSlurm({ io: context.io, settings, login: asked.batch.login }, end)
      : asked.cloud
        ? withCloudOfRun({ io: context.io, settings, run: id, more: [] }, rentedOf)
        : end();
    const outcome = await ended
      .catch((error: unknown) => {
        throw view.live.length === 0 ? error : stillUp(error, view.live);
      })
      .finally(() => progress.close());
    const { stopped, leftBehind } = outcome;
    const exitCode = leftBehind.length > 0 ? EXIT.cleanupIncomplete : EXIT.ok;
    if (flags.json) process.stdout.write(`${JSON.stringify({ id, exitCode, stopped, leftBehind }, null, 1)}\n`);
    else if (stopped.length === 0 && leftBehind.length === 0) process.stdout.write(`nothing of ${id} was up\n`);
    else for (const left of stopped) process.stdout.write(`ended ${endedText(left, machines)}\n`);
    for (const left of leftBehind) process.stderr.write(`${style.red('left behind:')} ${left}\n`);
    if (leftBehind.length > 0 && asked.cloud) process.stderr.write(`what may cost money: bench ledger; end it with: bench gc\n`);
    if (leftBehind.length > 0) process.stderr.write(`try again with: ${teardownCommand(id, flags.out)}\n`);
    return exitCode;
  }, access);
}

/** A rented machine goes itself, and with it what is on it. */
function endedText({ deployment, machine }: { deployment: string; machine: string }, rented: readonly string[]): string {
  if (deployment === '') return machine;
  return rented.includes(machine) ? `${machine} with ${deployment}` : `${deployment} on ${machine}`;
}

/** The same error, that does not let forget what it is about. */
function stillUp(error: unknown, live: readonly { deployment: string; machineName: string }[]): unknown {
  if (!BenchError.is(error) || error.code === 'BENCH_RUN_BUSY') return error;
  const what = live.map((left) => `${left.deployment} on ${left.machineName}`).join(', ');
  return new BenchError({
    code: error.code,
    message: `${error.message}\nstill up, as far as is known: ${what}`,
    hint: error.hint,
    retryable: error.retryable,
    exitCode: error.exitCode,
    cause: error,
  });
}
