import type { HostFactory } from './plugin.ts';

/**
 * `lab:node3` of a plugin's kind of hosts as the site that it is to bench: `ssh:lab:node3`, hosts that are reached somehow. What is no such
 * name stays what it is. Several: `lab:node3,lab:node4`.
 */
export function hostTarget(site: string | undefined, hosts: Readonly<Record<string, HostFactory>>): string | undefined {
  if (site === undefined || !site.split(',').every((part) => pluginHost(part.trim(), hosts) !== null)) return site;
  return `ssh:${site
    .split(',')
    .map((part) => part.trim())
    .join(',')}`;
}

/** The factory and the target of `<scheme>:<target>`; null: no plugin has that scheme. `ssh:` before it is passed over. */
export function pluginHost(text: string, hosts: Readonly<Record<string, HostFactory>>): { open: HostFactory; target: string } | null {
  const bare = text.startsWith('ssh:') ? text.slice(4) : text;
  const colon = bare.indexOf(':');
  const scheme = bare.slice(0, Math.max(0, colon));
  const open = Object.hasOwn(hosts, scheme) ? hosts[scheme] : undefined;
  return open === undefined ? null : { open, target: bare.slice(colon + 1) };
}
