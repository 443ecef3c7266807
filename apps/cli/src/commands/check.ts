import { EXIT, messageOf, printable } from '@bench/core';
import type { CheckItem } from '@bench/provisioning';
import { cloudSettings, withProviders } from '../cloud-access.ts';
import { withContext } from '../context.ts';
import { settingsForLogin } from '../slurm-access.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';
import { type Styles, styles } from '../ui/style.ts';

interface Checked {
  provider: string;
  title: string;
  state: 'ok' | 'failed' | 'not set up';
  items: CheckItem[];
}

/** Settings in which a provider was asked for by somebody. */
const mentioned = (sections: Readonly<Record<string, unknown>>, name: string) => sections[name] !== undefined;

export interface CheckFlags extends SshFlags {
  config?: string | undefined;
  json?: true | undefined;
}

/**
 * `bench check`. Ends with 4 when a provider that is set up cannot be used, with 3 when its login host cannot, or a plugin.
 * @param o.login login host of the cluster; default: as the settings say
 * @param o.failed what it ends with when something failed; default: what that was says
 */
export function check(names: readonly string[], flags: CheckFlags, o: { login?: string; failed?: number } = {}): Promise<number> {
  const { login } = o;
  return withContext(
    async ({ io, signal }) => {
      const loaded = await cloudSettings(flags, signal);
      const settings = login === undefined ? loaded : settingsForLogin(loaded, login);
      const only = names.length > 0 ? names : null;
      const checked = await withProviders({ io, settings, only: null }, async (providers) => {
        const asked = (name: string) => only === null || only.includes(name);
        const open = providers.list
          .filter(({ factory }) => asked(factory.name))
          .map(async ({ factory, provider }): Promise<Checked> => {
            const items = await provider.check({ signal }).then(
              (report) => report.items,
              (error: unknown): CheckItem[] => [{ name: 'check', state: 'failed', text: io.redact(messageOf(error)) }],
            );
            signal.throwIfAborted();
            const failed = items.some((item) => item.state === 'failed');
            return { provider: factory.name, title: factory.title, state: failed ? 'failed' : 'ok', items };
          });
        const closed = providers.closed
          .filter(({ name }) => asked(name))
          .map(({ name, title, reason, hint, error }): Checked => {
            const wrong = error !== null || mentioned(settings.providers, name) || only !== null;
            const item: CheckItem = {
              name: 'credentials',
              state: wrong ? 'failed' : 'warning',
              text: reason,
              ...(hint === '' ? {} : { fix: hint }),
            };
            return { provider: name, title, state: wrong ? 'failed' : 'not set up', items: [item] };
          });
        const all = [...(await Promise.all(open)), ...closed];
        const order = settings.factories.map((factory) => factory.name);
        return all.sort((a, b) => order.indexOf(a.provider) - order.indexOf(b.provider));
      });
      const unknown = names.filter((name) => !checked.some((c) => c.provider === name));
      const exitCode =
        unknown.length > 0
          ? EXIT.usage
          : checked.some((c) => c.state === 'failed')
            ? (o.failed ?? Math.max(...failedCodes(checked)))
            : settings.faults.length > 0
              ? EXIT.missingPart
              : EXIT.ok;
      if (flags.json)
        process.stdout.write(
          `${JSON.stringify({ exitCode, settings: settings.file, providers: checked, faults: settings.faults }, null, 1)}\n`,
        );
      else {
        const style = styles(process.stdout);
        const lines = checked.flatMap((provider) => [...providerLines(provider, style), '']);
        for (const { spec, what, message, hint } of settings.faults)
          lines.push(
            `${marks(style).failed} ${style.bold(`plugin ${spec}`)}${what === 'all of it' ? '' : `, ${what}`}: ${printable(message)}`,
            `  ${style.dim('fix:')} ${printable(hint)}`,
            '',
          );
        lines.push(style.dim(settings.file === null ? 'there is no settings file' : `settings: ${settings.file}`));
        process.stdout.write(`${lines.join('\n')}\n`);
      }
      for (const name of unknown)
        process.stderr.write(`there is no provider "${name}"; there are ${settings.factories.map((f) => f.name).join(', ')}\n`);
      return exitCode;
    },
    { ssh: sshAccess(flags), stopText: null },
  );
}

function failedCodes(checked: readonly Checked[]): number[] {
  const items = checked.filter(({ state }) => state === 'failed').flatMap((one) => one.items);
  return items.filter(({ state }) => state === 'failed').map(({ exitCode = EXIT.provider }) => exitCode);
}

function providerLines({ provider, title, state, items }: Checked, style: Styles): string[] {
  const mark = marks(style);
  const width = Math.max(...items.map(({ name }) => name.length), 0);
  const head = `${state === 'ok' ? mark.ok : state === 'failed' ? mark.failed : style.dim('-')} ${style.bold(provider)}  ${title}`;
  if (state === 'not set up')
    return [`${head}: ${style.dim('not set up')}`, ...items.flatMap((item) => [`    ${printable(item.text)}`, ...fix(item, style)])];
  return [
    head,
    ...items.flatMap((item) => [`  ${mark[item.state]} ${item.name.padEnd(width)}  ${printable(item.text)}`, ...fix(item, style)]),
  ];
}

const fix = (item: CheckItem, style: Styles) =>
  item.fix === undefined ? [] : item.fix.split('\n').map((line) => `    ${style.dim('fix:')} ${printable(line)}`);
const marks = (style: Styles) => ({
  ok: style.green(style.unicode ? '✔' : 'ok  '),
  warning: style.yellow(style.unicode ? '!' : 'warn'),
  failed: style.red(style.unicode ? '✖' : 'fail'),
});
