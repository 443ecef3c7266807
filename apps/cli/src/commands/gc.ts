import { formatDuration, type Io, minuteText, printable } from '@bench/core';
import { collectGarbage, type GcMachine, type GcResult, isOver, type OpenProviders } from '@bench/provisioning';
import { readRunFile, runPaths } from '@bench/results';
import { usage } from '../asked.ts';
import { cloudSettings, withCloud, withLedger } from '../cloud-access.ts';
import { faultLines } from '../fault-lines.ts';
import { type HostAccess, withContext } from '../context.ts';
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

/** An owner has at least as many characters as stand in the names of machines. */
const OWNER = /^[a-z0-9]{6,}$/;

/**
 * Jobs may have been submitted at a login host that only the site named, with a key that only the run named: where the settings name no login
 * host, and the runs one, it is that, and it is reached as the runs reached it.
 */
async function knowingLogin(settings: Settings, io: Io, access: HostAccess): Promise<Settings> {
  const own = (settings.providers['slurm'] as { login?: unknown } | null | undefined)?.login;
  const entries = await withLedger(io, (ledger) => ledger.entries());
  const dirs = new Set(
    entries.flatMap((entry) => (entry.provider === 'slurm' && !isOver(entry) && entry.runDir !== null ? [entry.runDir] : [])),
  );
  const read = await Promise.all([...dirs].map(async (dir) => ({ dir, run: await readRunFile(dir).catch(() => null) })));
  const runs = read.flatMap(({ dir, run }) => {
    const login = run?.asked.batch?.login;
    return login === undefined || (own !== undefined && own !== login) ? [] : [{ dir, login, ssh: run?.asked.ssh }];
  });
  const [first] = runs;
  if (first === undefined || runs.some(({ login }) => login !== first.login)) return settings;
  const withKey = runs.find(({ ssh }) => ssh !== undefined) ?? first;
  access.ssh = withKey.ssh;
  access.knownHosts = runPaths.knownHosts(withKey.dir);
  return own === undefined ? settingsForLogin(settings, first.login) : settings;
}

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
    const settings = await knowingLogin(await cloudSettings(flags, signal), io, access);
    return withCloud({ io, settings }, async ({ ledger, providers }) => {
      const style = styles(process.stderr);
      const progress = new Progress({ stream: process.stderr, style, clock: io.monotonic });
      context.screen = progress;
      if (!flags.dryRun) context.leaves = 'machines that were found may still cost money; go on with: bench gc';
      const result = await collectGarbage({
        ledger,
        providers,
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
      }).finally(() => progress.close());
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
