import { BenchError, EXIT, type Io, messageOf, printable } from '@bench/core';
import { checkHost, type HostCheck, hostFacts } from '@bench/deploy';
import { launchChecks } from '@bench/launch';
import { askedBatch, siteOf } from '../asked.ts';
import { withContext } from '../context.ts';
import { launchEnvironment } from '../launch-environment.ts';
import { faultLines } from '../fault-lines.ts';
import { hostTarget } from '../plugins/host-target.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';
import { check } from './check.ts';
import { settingsFor } from './run.ts';
import { type Styles, styles } from '../ui/style.ts';

export interface DoctorFlags extends SshFlags {
  on?: string | undefined;
  config?: string | undefined;
  json?: true | undefined;
}

type Shown = Omit<HostCheck, 'name'> & { name: string };

interface Examined {
  host: string;
  checks: Shown[];
}

/** `bench doctor`. Ends with 3 when a site was named that cannot be used as it is. */
export async function doctor(flags: DoctorFlags): Promise<number> {
  const settings = await settingsFor(flags.on, flags);
  const on = hostTarget(flags.on, settings.hosts);
  const providerNames = settings.factories.length === 0 ? undefined : settings.factories.map((factory) => factory.name);
  const site = on === undefined ? null : siteOf(on, { providerNames, faults: settings.faults });
  // What a rented machine lacks is brought to it; what renting lacks is the question.
  if (site?.kind === 'slurm')
    return check(['slurm'], flags, { login: askedBatch(site.login, {}, settings).login, failed: EXIT.missingPart });
  if (site?.kind === 'cloud') return check(site.providers ?? [], flags);
  const targets = site?.kind === 'ssh' ? site.targets.map((target) => `ssh:${target}`) : ['local'];
  return withContext(
    async ({ io }) => {
      const hosts = await Promise.all(targets.map((target) => examine(target, io)));
      // Schedulers are of the machine one is on.
      if (site === null) hosts[0]?.checks.push(...(await schedulerChecks(io, flags)));
      const containers = site !== null && site.kind !== 'local';
      const usable = !containers || hosts.every(({ checks }) => checks.every(({ status }) => status !== 'missing'));
      const exitCode = usable ? EXIT.ok : EXIT.missingPart;
      const { faults } = settings;
      if (flags.json) process.stdout.write(`${JSON.stringify({ site: site?.name ?? 'local', exitCode, hosts, faults }, null, 1)}\n`);
      else process.stdout.write(hosts.map((host) => hostText(host, hosts.length > 1, styles(process.stdout))).join('\n'));
      for (const line of flags.json ? [] : faultLines(faults))
        process.stdout.write(`${styles(process.stdout).red('not used:')} ${printable(line)}\n`);
      return exitCode;
    },
    { ssh: sshAccess(flags), stopText: null, hosts: settings.hosts },
  );
}

/** What bench launch and bench submit stand on, in the words of this command. */
async function schedulerChecks(io: Io, flags: DoctorFlags): Promise<Shown[]> {
  const { system, plugins, machines } = await launchEnvironment(io, { ...flags, quiet: true });
  const marks = { ok: 'ok', warning: 'warn', error: 'missing' } as const;
  return launchChecks(system, { plugins, machines, node: process.execPath }).map(({ name, status, message, remedy }) => ({
    name: name === 'scheduler' ? name : `launch ${name}`,
    status: marks[status],
    detail: message,
    ...(remedy === undefined ? {} : { fix: remedy }),
  }));
}

async function examine(target: string, io: Io): Promise<Examined> {
  const host = target.replace(/^ssh:/, '');
  try {
    const opened = await io.connect(target);
    try {
      return { host, checks: checkHost(await hostFacts(opened, { signal: io.signal })) };
    } finally {
      await opened.close();
    }
  } catch (error) {
    io.signal.throwIfAborted();
    if (BenchError.is(error) && error.exitCode === EXIT.usage) throw error;
    const hint = BenchError.is(error) ? error.hint : undefined;
    return {
      host,
      checks: [{ name: 'ssh', status: 'missing', detail: io.redact(messageOf(error)), ...(hint === undefined ? {} : { fix: hint }) }],
    };
  }
}

function hostText({ host, checks }: Examined, several: boolean, style: Styles): string {
  const marks: Record<HostCheck['status'], string> = {
    ok: style.green(style.unicode ? '✔' : 'ok  '),
    warn: style.yellow(style.unicode ? '!' : 'warn'),
    missing: style.red(style.unicode ? '✖' : 'miss'),
  };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const gap = ' '.repeat(width + (style.unicode ? 3 : 6) + 1);
  return [
    ...(several ? [style.bold(host)] : []),
    ...checks.flatMap(({ name, status, detail, fix }) => [
      `${marks[status]} ${name.padEnd(width)}  ${detail.split('\n').map(printable).join(`\n${gap}`)}`,
      ...(fix === undefined ? [] : fix.split('\n').map((line) => `${gap}${style.dim('fix:')} ${printable(line)}`)),
    ]),
    '',
  ].join('\n');
}
