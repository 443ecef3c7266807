import { BenchError, EXIT, formatDuration, type Io, minuteText, printable } from '@bench/core';
import { claimOf, endMachine } from '@bench/provisioning';
import { cloudSettings, withCloud } from '../cloud-access.ts';
import { type CliContext, withContext } from '../context.ts';
import { afterwardsText } from '../leave-timer.ts';
import { lookAt, type OwnMachine, withOwnMachine } from '../own-machine.ts';
import { bootOf, timerAgain } from '../timer-again.ts';
import { type SeenMachine, seenMachines } from '../seen-machines.ts';
import { columns } from '../ui/columns.ts';
import { damageText } from '../ui/damage-lines.ts';
import { usdPerHour } from '../ui/money.ts';
import { gpuText } from '../ui/offer-rows.ts';
import { ageMs, heldText, orphanLines, orphanText, priceOf } from '../ui/orphan-lines.ts';
import { Progress } from '../ui/progress.ts';
import { type Styles, styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

/** `bench vm list`: the ledger's machines, and those with this owner that only a provider knows. */
export function vmList(flags: { config?: string | undefined; json?: true | undefined }): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      const settings = await cloudSettings(flags, signal);
      return withCloud({ io, settings }, async ({ ledger, providers }) => {
        const { machines, errors } = await seenMachines({ ledger, providers, io, signal });
        const [now, { owner }] = [io.now(), ledger];
        if (flags.json) {
          const told = machines.map((seen) => ({ ...seen, todo: orphanText(seen, { now, owner })?.todo ?? null }));
          const failed = errors.map(({ provider, message }) => `${provider}: ${message}`);
          const damage = await ledger.damage();
          process.stdout.write(`${JSON.stringify({ owner, machines: told, errors: failed, damage }, null, 1)}\n`);
        } else {
          const shown = { now, owner, style: styles(process.stdout), width: terminalWidth(process.stdout) };
          process.stdout.write(`${listLines(machines, shown).join('\n')}\n`);
        }
        const style = styles(process.stderr);
        process.stderr.write(await damageText(ledger, style));
        for (const { provider, message } of errors) {
          const words = message.startsWith(provider) ? message : `${provider}: ${message}`;
          process.stderr.write(`${style.yellow('not asked:')} ${printable(words)}\n`);
        }
        return errors.length > 0 ? EXIT.provider : EXIT.ok;
      });
    },
    { stopText: null },
  );
}

/** From so many columns on there is room for the address, and for the GPU as well. */
const ROOMY = 110;
const ROOMIEST = 132;

function listLines(
  machines: readonly SeenMachine[],
  o: { now: number; owner: string; style: Styles; width: number | undefined },
): string[] {
  const { now, style, width } = o;
  if (machines.length === 0) return ['no machine of yours is up'];
  const [roomy, roomiest] = [ROOMY, ROOMIEST].map((least) => width === undefined || width >= least);
  const rows = machines.map((seen) => {
    const { name, provider, machine, entry } = seen;
    const age = ageMs(seen, now);
    return [
      name,
      provider,
      machine?.rawState ?? (seen.asked ? 'not shown' : 'not asked'),
      usdPerHour(priceOf(seen)),
      age === null ? 'unknown' : formatDuration(age),
      ...(roomiest ? [entry === null ? 'unknown' : gpuText(entry.offer.gpu)] : []),
      ...(roomy ? [machine?.connection ? `${machine.connection.user}@${machine.connection.host}:${machine.connection.port}` : ''] : []),
      heldText(seen),
    ];
  });
  const header = [
    'MACHINE',
    'PROVIDER',
    'STATE',
    'PRICE',
    'FOR',
    ...(roomiest ? ['GPU'] : []),
    ...(roomy ? ['ADDRESS'] : []),
    'HELD BY (UTC)',
  ];
  const orphans = orphanLines(machines, o);
  return [columns(header, rows, style, { width, whole: [0] }).trimEnd(), ...(orphans.length > 0 ? ['', ...orphans] : [])];
}

type Action = 'delete' | 'start' | 'stop' | 'reboot';

export interface VmActFlags {
  dryRun?: true | undefined;
  config?: string | undefined;
  json?: true | undefined;
}

/** `bench vm delete|start|stop|reboot`. */
export function vmAct(action: Action, name: string, flags: VmActFlags): Promise<number> {
  return withContext(
    async (context) => {
      const { io, signal } = context;
      const settings = await cloudSettings(flags, signal);
      return withOwnMachine(name, { io, settings, offline: flags.dryRun === true }, async (machine) => {
        const { entry, open } = machine;
        await refuseHeld(machine, io);
        const call = action === 'delete' ? null : callOf(action, machine);
        const tell = (text: string, done: boolean): number => {
          const { name: own, provider, ref } = entry;
          const told = { name: own, provider, id: ref?.id ?? machine.ref.id, action, done, text };
          process.stdout.write(flags.json ? `${JSON.stringify(told, null, 1)}\n` : `${text}\n`);
          return EXIT.ok;
        };
        if (flags.dryRun) {
          const then = call === null ? ', and look until it is gone' : `\n${afterText(action, machine)}`;
          return tell(`would tell ${open.factory.title} to ${action} ${entry.name} (${machine.ref.id})${then}`, false);
        }
        if (call === null) {
          await deleteMachine(machine, context);
          return tell(`${entry.name} is gone`, true);
        }
        await lookAt(machine, signal);
        const after = action === 'start' || action === 'reboot' ? await startAgain(action, { machine, call, context }) : null;
        if (after === null) await call(signal);
        return tell(`${entry.name}: ${open.factory.title} was told to ${action} it\n${after ?? afterText(action, machine)}`, true);
      });
    },
    { stopText: null },
  );
}

/** Starts it again, and the timer of one that is kept; what is to be known afterwards. Null: it has no time, or no SSH, and was told nothing. */
async function startAgain(
  action: 'start' | 'reboot',
  o: { machine: OwnMachine; call: (signal: AbortSignal) => Promise<void>; context: CliContext },
): Promise<string | null> {
  const { machine, call, context } = o;
  const { entry, open, ref } = machine;
  const { io, signal } = context;
  const { holder } = entry;
  if (holder.kind !== 'lease' || Date.parse(holder.until) <= io.now() || entry.workload !== 'vm') return null;
  const progress = new Progress({ stream: process.stderr, style: styles(process.stderr), clock: io.monotonic });
  context.screen = progress;
  try {
    const before = action === 'reboot' ? await bootOf(machine, io) : null;
    await call(signal);
    progress.status(() => `${entry.name}: waiting until it lets us in, to set the timer in it again`);
    const timer = await timerAgain(machine, { until: holder.until, before, io });
    const { title, capabilities } = open.factory;
    const then = afterwardsText({ title, capabilities, timer, selfDestructs: Boolean(open.provider.selfDestruct?.(ref)) });
    return `the timer in it is ${timer ? '' : 'not '}set; it is kept until ${minuteText(holder.until)} UTC; ${then}`;
  } finally {
    progress.close();
  }
}

async function deleteMachine(machine: OwnMachine, context: CliContext): Promise<void> {
  const { entry, open, ref, ledger } = machine;
  const { io } = context;
  const progress = new Progress({ stream: process.stderr, style: styles(process.stderr), clock: io.monotonic });
  context.screen = progress;
  context.leaves = `${entry.name} at ${entry.provider} may still cost money; go on with: bench vm delete ${entry.name}`;
  progress.status(() => `ending ${entry.name} at ${entry.provider}`);
  try {
    await endMachine({ ref, open, ledger, io, market: entry.offer.market, reason: 'bench vm delete', invisibleUntilMs: null });
  } finally {
    progress.close();
  }
  context.leaves = null;
}

function callOf(action: 'start' | 'stop' | 'reboot', { open, entry, ref }: OwnMachine): (signal: AbortSignal) => Promise<void> {
  const { provider, factory } = open;
  if (!provider[action])
    throw new BenchError({
      code: 'BENCH_PROVIDER_UNSUPPORTED',
      message: `${factory.title} cannot ${action} ${entry.name}`,
      hint: action === 'stop' ? `what ends its costs: bench vm delete ${entry.name}` : undefined,
      exitCode: EXIT.usage,
    });
  return (signal) => (provider[action] as NonNullable<(typeof provider)[typeof action]>).call(provider, ref, { signal });
}

/** What is to be known afterwards: a machine that is off costs its disk, its provider may not end it, and its timer may not come back. */
function afterText(action: Action, { entry, open }: OwnMachine): string {
  const { title, capabilities } = open.factory;
  const until = entry.holder.kind === 'lease' ? `it is kept until ${minuteText(entry.holder.until)} UTC; ` : '';
  const kept = entry.holder.kind === 'lease' && entry.workload === 'vm';
  const again = action === 'stop' ? 'bench vm start sets the timer in it again' : 'the timer in it is set again';
  const timer = `${kept ? again : 'the timer in it is not set again'}: ${until}${afterwardsText({ title, capabilities: { ...capabilities, ...(action === 'stop' ? { nativeTtl: false } : {}) }, timer: false, selfDestructs: false })}`;
  if (action !== 'stop') return timer;
  const { storageUsdPerGbMonth: rate, diskGb } = entry;
  const storage = rate === null ? 'its disk may go on costing' : `its disk goes on costing ${(rate * diskGb).toFixed(2)} dollars a month`;
  return `${storage}; what ends that: bench vm delete ${entry.name}\n${timer}`;
}

/** A machine that a run works on is left to that run. */
async function refuseHeld({ entry, ledger }: OwnMachine, io: Io): Promise<void> {
  if (entry.holder.kind !== 'process') return;
  const by = await claimOf(entry, { ledger, io });
  if (by === null) return;
  throw new BenchError({
    code: 'BENCH_MACHINE_BUSY',
    message: `${entry.name} is in use: ${by}`,
    hint: `stop run ${entry.run}, or: bench teardown ${entry.run}`,
    exitCode: EXIT.usage,
  });
}
