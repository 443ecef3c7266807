/** A target of ours, `user@host:port`, as the `ssh` program takes it. Aliases stay what they are. */
export function sshArgs(target: string): string[] {
  const { user, host, port } = parts(target);
  return [...(port === undefined ? [] : ['-p', port]), `${user}${host}`];
}

/** The host of a target, as it stands in a URL. */
export function sshHostName(target: string): string {
  const { host } = parts(target);
  return host.includes(':') ? `[${host}]` : host;
}

function parts(target: string): { user: string; host: string; port: string | undefined } {
  const at = target.lastIndexOf('@') + 1;
  const user = target.slice(0, at);
  const rest = target.slice(at);
  const match = /^\[(.+)\](?::(\d+))?$/.exec(rest) ?? /^([^:]+)(?::(\d+))?$/.exec(rest);
  return { user, host: match?.[1] ?? rest, port: match?.[2] };
}
