import { formatDuration, minuteText, printable } from '@bench/core';
import { collectGarbage, type GcMachine, type GcOptions, type GcResult, openProviders, type OpenProviders } from '@bench/provisioning';
import { usage } from '../asked.ts';
import { cloudSettings, withCloud } from '../cloud-access.ts';
import { faultLines } from '../fault-lines.ts';
import { type CliContext, type HostAccess, withContext } from '../context.ts';
import { type LoginHost, loginHosts } from '../login-hosts.ts';
import type { Settings } from '../settings/load-settings.ts';
import { settingsForLogin } from '../slurm-access.ts';
import { columns } from '../ui/columns.ts';
import { damageText } from '../ui/damage-lines.ts';
import { usdPerHour } from '../ui/money.ts';
import { Progress } from '../ui/progress.ts';
import { type Styles, styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

export interface GcFlags {
  dryRun?: true | undefined;
  owner?: string | undefined;
  expired?: true | undefined;
  config?: string | undefined;
  json?: true | undefined;
}

const SLURM = 'slurm';
/** An owner has at least as many characters as stand in the names of machines. */
const OWNER = /^[a-z0-9]{6,}$/;

/** `bench gc`. Ends with 6 when something is left that may cost money. */
export function gc(flags: GcFlags): Promise<number> {
  if (flags.owner !== undefined && !OWNER.test(flags.owner))
    throw usage(
      `"${flags.owner}" is no owner: at least six lower-case letters and digits`,
      'bench gc lists the owners of what it leaves alone',
    );
  const access: HostAccess = { stopText: 'what was ended stays ended; again ends bench at once' };
  return withContext(async (context) => {
    const { io, signal } = context;
    const given = await cloudSettings(flags, signal);
    const [first, ...others] = await loginHosts(given, io);
    Object.assign(access, first.way);
    const settings = first.login === null ? given : settingsForLogin(given, first.login);
    const elsewhere = new Set(others.flatMap(({ runs }) => [...runs]));
    return withCloud({ io, settings }, async ({ ledger, providers }) => {
      const style = styles(process.stderr);
      const progress = new Progress({ stream: process.stderr, style, clock: io.monotonic });
      context.screen = progress;
      if (!flags.dryRun) context.leaves = 'machines that were found may still cost money; go on with: bench gc';
      const options: Omit<GcOptions, 'providers' | 'only'> = {
        ledger,
        io,
        ...(flags.dryRun ? { dryRun: true } : {}),
        ...(flags.owner === undefined ? {} : { owner: flags.owner }),
        ...(flags.expired ? { expired: true } : {}),
        on: (event) => {
          if (event.type === 'looking') progress.status(() => `looking at ${event.provider}`, event.provider);
          else if (event.type === 'searching')
            progress.status(
              () => `${event.name}: the answer to its create was lost; looking for it for ${formatDuration(event.forMs)}`,
              event.name,
            );
          else if (event.type === 'ending') progress.status(() => `${event.name}: ending it (${printable(event.reason)})`, event.name);
          else progress.status(null, event.name);
        },
      };
      const result = await (async () => {
        const only: GcOptions['only'] = ({ provider, run }) => provider !== SLURM || !elsewhere.has(run);
        let all = await collectGarbage({ ...options, providers, only });
        for (const host of others) all = together(all, await atLogin(host, { options, settings, context }));
        return all;
      })().finally(() => progress.close());
      context.leaves = null;
      if (flags.json)
        process.stdout.write(`${JSON.stringify({ ...result, owner: ledger.owner, dryRun: flags.dryRun === true }, null, 1)}\n`);
      else process.stdout.write(`${resultLines(result, { flags, style: styles(process.stdout), providers }).join('\n')}\n`);
      for (const left of result.unresolved) {
        const what = left.name === null ? left.provider : `${left.name} at ${left.provider}${left.id === null ? '' : ` (${left.id})`}`;
        process.stderr.write(
          `${style.red('may cost money:')} ${what}: ${printable(left.problem)}\n${style.dim(`  ${printable(left.hint)}`)}\n`,
        );
      }
      process.stderr.write(await damageText(ledger, style));
      if (flags.owner !== undefined && result.ofOwner === 0)
        process.stderr.write(`${style.yellow('nothing matched:')} no machine of owner ${flags.owner} is at ${asked(providers)}\n`);
      // What is not set up was not looked at; that is only worth a word where nothing of it is in the ledger.
      for (const closed of providers.closed)
        if (closed.error !== null) process.stderr.write(`${style.yellow('not looked at:')} ${closed.name}: ${printable(closed.reason)}\n`);
      for (const line of faultLines(settings.faults)) process.stderr.write(`${style.yellow('not used:')} ${printable(line)}\n`);
      return result.exitCode;
    });
  }, access);
}

/** Jobs of the runs of one more login host. One that cannot be reached is told in the result. */
async function atLogin(
  { login, runs, way }: LoginHost,
  o: { options: Omit<GcOptions, 'providers' | 'only'>; settings: Settings; context: CliContext },
): Promise<GcResult> {
  const { options, settings, context } = o;
  const io = { ...options.io, connect: context.connectAs(way) };
  const { providers: sections } = login === null ? settings : settingsForLogin(settings, login);
  const providers = await openProviders({ factories: settings.factories, settings: sections, io, only: [SLURM] });
  try {
    return await collectGarbage({ ...options, io, providers, only: ({ provider, run }) => provider === SLURM && runs.has(run) });
  } finally {
    await providers.close();
  }
}

/** What two login hosts have, or one of them and the providers; what both see of others is told once. */
function together(a: GcResult, b: GcResult): GcResult {
  const seen = new Set(a.foreign.map(({ id, name }) => `${name} ${id}`));
  return {
    ended: [...a.ended, ...b.ended],
    alive: [...a.alive, ...b.alive],
    unresolved: [...a.unresolved, ...b.unresolved],
    foreign: [...a.foreign, ...b.foreign.filter(({ id, name }) => !seen.has(`${name} ${id}`))],
    ofOwner: a.ofOwner + b.ofOwner,
    damage: b.damage,
    exitCode: Math.max(a.exitCode, b.exitCode),
  };
}

const asked = ({ list }: OpenProviders) =>
  list.length === 0 ? 'any provider: none is set up' : list.map(({ factory }) => factory.name).join(', ');

/** Whoever reads that nothing is left must know where nobody looked. */
const lookedAt = ({ list }: OpenProviders) =>
  list.length > 0
    ? ` at ${list.map(({ factory }) => factory.name).join(', ')}`
    : ' by the ledger; no provider was asked, because none is set up (bench check says more)';

function resultLines(result: GcResult, o: { flags: GcFlags; style: Styles; providers: OpenProviders }): string[] {
  const { flags, style, providers } = o;
  const { ended, alive, foreign, unresolved, damage } = result;
  const table = (header: string[], rows: string[][]) =>
    columns(header, rows, style, { width: terminalWidth(process.stdout), whole: [0] })
      .trimEnd()
      .split('\n');
  const lines: string[] = [];
  if (ended.length > 0) {
    lines.push(style.bold(flags.dryRun ? 'would be ended' : 'ended'));
    lines.push(
      ...table(
        ['MACHINE', 'PROVIDER', 'PRICE', 'AGE', 'WHY'],
        ended.map((m) => [...facts(m), m.reason]),
      ),
      '',
    );
  }
  if (alive.length > 0) {
    lines.push(style.bold('in use, and left alone'));
    lines.push(
      ...table(
        ['MACHINE', 'PROVIDER', 'PRICE', 'AGE', 'BY'],
        alive.map((m) => [...facts(m), m.by]),
      ),
      '',
    );
  }
  if (foreign.length > 0) {
    lines.push(style.bold('of others, and left alone'));
    const rows = foreign.map((m) => [
      ...facts(m),
      `${m.owner ?? 'unknown'}${m.uncertain ? ' (or you)' : ''}`,
      m.expiresAt === null ? 'not known' : `${minuteText(m.expiresAt)}${m.expired ? ', past' : ''}`,
    ]);
    lines.push(...table(['MACHINE', 'PROVIDER', 'PRICE', 'AGE', 'OWNER', 'EXPIRES (UTC)'], rows));
    lines.push(style.dim('bench gc --owner ID ends those of one owner, bench gc --expired those past their expiry'), '');
  }
  if (ended.length === 0 && unresolved.length === 0 && damage.length === 0)
    lines.push(`${flags.dryRun ? 'nothing would be ended' : 'nothing was left'}${lookedAt(providers)}`);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

const facts = (m: GcMachine) => [m.name, m.provider, usdPerHour(m.priceUsdPerHour), m.ageMs === null ? '' : formatDuration(m.ageMs)];
