import { loginHost } from '@bench/benchmark';
import { BenchError, EXIT } from '@bench/core';
import { connectMachine, deadlinesOf } from '@bench/provisioning';
import { isLocked, type LiveDeployment, readRun, resolveRun, runPaths } from '@bench/results';
import { type Asked, siteOfRun } from '../asked.ts';
import { withContext } from '../context.ts';
import { deploymentsOf, type LogFile, logFiles, tasksNamed } from '../logs/log-files.ts';
import { hasContainers, readLive } from '../logs/live-logs.ts';
import { queueFolder, readQueueLogs } from '../logs/queue-logs.ts';
import { LogTail } from '../logs/tail-files.ts';
import { lookAt, withOwnMachine } from '../own-machine.ts';
import { withSlurm } from '../slurm-access.ts';
import { settingsFor } from './run.ts';
import { styles } from '../ui/style.ts';
import { shownLine } from '../ui/columns.ts';

const POLL_MS = 300;
/** A machine that lets nobody in by then does not. */
const SSH_MS = 30_000;

/** `bench logs`. */
export async function logs(
  run: string,
  variant: string | undefined,
  flags: { out: string; follow?: true | undefined; config?: string | undefined },
): Promise<number> {
  const dir = await resolveRun(run, flags.out);
  const view = await readRun(dir);
  const wanted = variant ?? null;
  if (tasksNamed(view, wanted).length === 0) throw noSuchVariant(wanted ?? '', view.run);
  const { asked, id } = view.run;
  const settings = await settingsFor(asked.site, flags);
  const access = {
    hosts: settings.hosts,
    ...(asked.ssh === undefined ? {} : { ssh: asked.ssh }),
    knownHosts: runPaths.knownHosts(dir),
    stopText: null,
  };
  return withContext(async ({ io, signal }) => {
    const running = () => isLocked(runPaths.lock(dir));
    const only = wanted === null ? null : await deploymentsOf(view, wanted);
    const alive = await running();
    // What outlived its bench has a log that only its host goes on with.
    const wantedOf = view.live.filter((left) => only === null || only.has(left.deployment));
    const live = alive ? [] : wantedOf.filter(hasContainers);
    // What is in a queue writes on its cluster, whoever watches it.
    const queued = wantedOf.filter((left) => queueFolder(left) !== null);
    const files = async () =>
      (await logFiles(view, wanted)).filter((file) => !live.some((left) => file.label.split(' ')[0] === left.deployment));
    const shown = await files();
    if (shown.length === 0 && live.length + queued.length === 0 && !(alive && flags.follow)) {
      process.stderr.write(`${id} has no logs yet\n`);
      return EXIT.ok;
    }
    const several = flags.follow === true && alive ? true : shown.length + live.length + queued.length > 1;
    const print = printer({ several, redact: io.redact });
    try {
      if (flags.follow && alive && queued.length === 0) await follow({ files, running, print, signal });
      else await once(shown, print);
      const { batch } = asked;
      if (batch && queued.length > 0)
        await withSlurm({ io, settings, login: batch.login }, async (cloud) => {
          const host = await loginHost(cloud, io);
          const each = { host, follow: flags.follow === true, signal, line: print };
          await Promise.all(queued.map((left) => readQueueLogs({ ...each, live: left, folder: queueFolder(left) as string })));
        });
      const shownLive = { io, follow: flags.follow === true, line: print };
      await Promise.all(
        live.map((left) => {
          const rented = view.rented.find(({ machine }) => machine === left.machine);
          if (!rented) return readLive({ ...shownLive, live: left, open: () => io.connect(targetOf(asked, left)) });
          return withOwnMachine(rented.name, { io, settings }, async ({ open, ledger, ...own }) => {
            const machine = await lookAt({ open, ledger, ...own }, signal);
            const deadlines = { ...deadlinesOf(open.factory, machine.market), sshMs: SSH_MS };
            return readLive({ ...shownLive, live: left, open: () => connectMachine({ machine, open, ledger, io, deadlines, signal }) });
          });
        }),
      );
    } catch (error) {
      // To stop following is what Ctrl-C is for.
      if (!signal.aborted) throw error;
    }
    return signal.aborted ? EXIT.interrupted : EXIT.ok;
  }, access);
}

/** Where a deployment on a host of the user's is. */
function targetOf(asked: Asked, left: LiveDeployment): string {
  const site = siteOfRun(asked);
  return site.kind === 'ssh' ? `ssh:${site.targets[left.machine] ?? left.machineName}` : 'local';
}

type Print = (label: string, text: string) => void;

async function once(files: readonly LogFile[], print: Print): Promise<void> {
  const tail = new LogTail();
  for (const file of files) await tail.read(file, (text) => print(file.label, text), { last: true });
}

/** Ends when the run has ended, after its last line. */
async function follow(o: {
  files: () => Promise<LogFile[]>;
  running: () => Promise<boolean>;
  print: Print;
  signal: AbortSignal;
}): Promise<void> {
  const tail = new LogTail();
  for (;;) {
    const last = !(await o.running());
    for (const file of await o.files()) await tail.read(file, (text) => o.print(file.label, text), { last });
    if (last || o.signal.aborted) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Each line with its source in front, where there are several. */
function printer(o: { several: boolean; redact: (text: string) => string }): Print {
  const style = styles(process.stdout);
  let width = 0;
  return (label, text) => {
    const line = shownLine(o.redact(text));
    width = Math.max(width, label.length);
    process.stdout.write(o.several || label.includes(' ') ? `${style.cyan(label.padEnd(width))} ${style.dim('|')} ${line}\n` : `${line}\n`);
  };
}

function noSuchVariant(variant: string, run: { id: string; tasks: readonly { recipe: string; variant: string }[] }): BenchError {
  const names = [...new Set(run.tasks.map((task) => task.variant))];
  return new BenchError({
    code: 'BENCH_USAGE',
    message: `${run.id} has no variant "${variant}"`,
    hint: names.length === 0 ? undefined : `it has: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`,
    exitCode: EXIT.usage,
  });
}
