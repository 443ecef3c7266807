import { EXIT, printable } from '@bench/core';
import { faultLines } from '../fault-lines.ts';
import { withContext } from '../context.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

/** `bench plugins`. Ends with 3 when one cannot be used. */
export function plugins(flags: { config?: string | undefined; json?: true | undefined }): Promise<number> {
  return withContext(
    async ({ signal }) => {
      const { file, plugins: loaded, faults } = await loadSettings({ config: flags.config, signal });
      const exitCode = faults.length > 0 ? EXIT.missingPart : EXIT.ok;
      const rows = loaded.map((p) => ({
        plugin: p.name,
        spec: p.spec,
        version: p.version,
        file: p.file,
        providers: p.providers.map((f) => f.name),
        engines: p.engines.map((e) => e.name),
        hosts: Object.keys(p.hosts),
        schedulers: p.schedulers.map(({ name }) => name),
      }));
      if (flags.json) {
        process.stdout.write(`${JSON.stringify({ settings: file, plugins: rows, faults }, null, 1)}\n`);
        return exitCode;
      }
      const style = styles(process.stdout);
      process.stdout.write(file === null ? 'there is no settings file, so there are no plugins\n' : `${style.dim(file)}\n`);
      if (file !== null && rows.length === 0 && faults.length === 0) process.stdout.write('it names no plugins\n');
      if (rows.length > 0) {
        const table = rows.map((r) => [
          [r.plugin, r.version].filter(Boolean).join(' '),
          [
            ...r.providers.map((name) => `provider ${name}`),
            ...r.engines.map((name) => `engine ${name}`),
            ...r.hosts.map((scheme) => `hosts ${scheme}:`),
            ...r.schedulers.map((name) => `scheduler ${name}`),
          ].join(', ') || 'nothing',
          r.file,
        ]);
        process.stdout.write(columns(['PLUGIN', 'BRINGS', 'FROM'], table, style, { width: terminalWidth(process.stdout), whole: [0] }));
      }
      for (const line of faultLines(faults)) process.stdout.write(`${style.red(style.unicode ? '✖' : 'broken')} ${printable(line)}\n`);
      return exitCode;
    },
    { stopText: null },
  );
}
