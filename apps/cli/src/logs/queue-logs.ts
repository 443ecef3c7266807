import { posix } from 'node:path';
import type { Host } from '@bench/core';
import type { LiveDeployment } from '@bench/results';

/** Names of what a deployment writes on its cluster, below its folder. */
const LIST = String.raw`
cd -- "$1" 2>/dev/null || exit 0
for file in engine.log service.out client-*.out clients/*/client.log; do
  [ -s "$file" ] && printf 'log %s\n' "$file"
done
exit 0
`;

/** The folder on its cluster of a deployment in a queue; null: it is none. */
export function queueFolder({ target, record }: LiveDeployment): string | null {
  const folder = (record as { folder?: unknown } | null)?.folder;
  return target === 'batch' && typeof folder === 'string' ? folder : null;
}

/** What the jobs of a deployment have written by now, read at the login host; with `follow`, of the engine as it grows, until the signal. */
export async function readQueueLogs(o: {
  live: LiveDeployment;
  folder: string;
  host: Host;
  follow: boolean;
  signal: AbortSignal;
  line: (label: string, text: string) => void;
}): Promise<void> {
  const { live, folder, host, follow, signal, line } = o;
  const { stdout } = await host.exec({ script: LIST, args: [folder] }, { timeoutMs: 60_000, repeatable: true, signal });
  const found = [...stdout.matchAll(/^log ([\w./-]+)$/gm)].flatMap(([, name]) => name ?? []);
  const labelOf = (name: string) =>
    `${live.deployment} ${name.replace(/^clients\/(\d+)\/client\.log$/, 'client-$1').replace(/\.(log|out)$/, '')}`;
  const followed = follow ? 'engine.log' : null;
  for (const name of found.filter((one) => one !== followed)) {
    const { stdout: text } = await host.exec(
      { argv: ['cat', '--', posix.join(folder, name)] },
      { timeoutMs: 120_000, repeatable: true, maxOutputBytes: 64 << 20, signal },
    );
    for (const row of text.replace(/\n$/, '').split('\n')) line(labelOf(name), row);
  }
  if (followed === null) return;
  const tail = host.stream({ argv: ['tail', '-n', '+1', '-F', '--', posix.join(folder, followed)] }, { signal });
  for await (const { stream, text } of tail.lines()) if (stream === 'stdout') line(labelOf(followed), text);
}
