import type { PluginFault } from './plugins/plugin.ts';

/** One line a fault of a plugin. */
export function faultLines(faults: readonly PluginFault[]): string[] {
  return faults.map(
    (fault) => `plugin ${fault.spec}${fault.what === 'all of it' ? '' : `, ${fault.what}`}: ${fault.message} (${fault.hint})`,
  );
}

/** What to add to the hint of an error about a name that nobody knows. */
export function faultHint(faults: readonly PluginFault[]): string | undefined {
  return faults.length === 0 ? undefined : `a plugin that cannot be used may have brought it:\n${faultLines(faults).join('\n')}`;
}
