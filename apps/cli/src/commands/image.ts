import { parseSite } from '@bench/benchmark';
import { BenchError, EXIT, type Io } from '@bench/core';
import { buildEmbeddedImage, type BuiltImage, inspectContainers, type RenderedStep, renderEmbeddedImage } from '@bench/deploy';
import { describeCommand } from '@bench/host';
import { usage } from '../asked.ts';
import { withContext } from '../context.ts';
import { programFolders } from '../perform.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';
import { Progress } from '../ui/progress.ts';
import { styles } from '../ui/style.ts';

export interface ImageFlags extends SshFlags {
  on: string;
  base?: string | undefined;
  offline?: true | undefined;
  dryRun?: true | undefined;
  json?: true | undefined;
}

/** `bench image build embedded`: on every host of the site, all at once. */
export function buildImage(flags: ImageFlags): Promise<number> {
  if (flags.offline && flags.base !== undefined)
    throw usage('--offline builds from the host’s own Node, --base from an image', 'give one of them');
  const site = parseSite(flags.on === 'local' ? 'docker' : flags.on);
  if (site.kind === 'slurm') throw usage('a cluster has no Docker to build by', 'where: docker · ssh:user@host[,…]');
  if (site.kind === 'cloud') throw usage('a machine that is rented is gone after the run', 'where: docker · ssh:user@host[,…]');
  const targets = site.kind === 'ssh' ? site.targets.map((target) => `ssh:${target}`) : ['local'];
  const ssh = sshAccess(flags);
  const options = { base: flags.base, offline: flags.offline };
  if (flags.dryRun) {
    const steps = renderEmbeddedImage(options);
    process.stdout.write(flags.json ? `${JSON.stringify({ site: site.name, steps }, null, 1)}\n` : `${stepsText(site.name, steps)}\n`);
    return Promise.resolve(EXIT.ok);
  }
  return withContext(
    async (context) => {
      const style = styles(process.stderr);
      const progress = new Progress({ stream: process.stderr, style, clock: context.io.monotonic });
      context.screen = progress;
      const name = (target: string) => (targets.length > 1 ? `${target.replace(/^ssh:/, '')}  ` : '');
      try {
        const built = await Promise.all(
          targets.map(async (target) => {
            const image = await build(target, options, context.io, (text) => progress.status(() => `${name(target)}${text}`, target));
            progress.status(null, target);
            progress.line(
              `${style.green(style.unicode ? '✔' : 'ok')} ${name(target)}${image.image} ${image.version} ${style.dim(image.id.slice(0, 19))}`,
            );
            return { host: target.replace(/^ssh:/, ''), ...image };
          }),
        );
        if (flags.json) process.stdout.write(`${JSON.stringify(built, null, 1)}\n`);
        return EXIT.ok;
      } finally {
        progress.close();
      }
    },
    { ssh, stopText: 'again ends at once' },
  );
}

async function build(
  target: string,
  options: Pick<ImageFlags, 'base' | 'offline'>,
  io: Io,
  onProgress: (text: string) => void,
): Promise<BuiltImage> {
  const host = await io.connect(target);
  try {
    onProgress('looking for Docker');
    const { facts, problem } = await inspectContainers(host, { signal: io.signal });
    if (!facts) {
      throw new BenchError({
        code: problem?.code ?? 'BENCH_DOCKER_MISSING',
        message: problem?.message ?? `Docker cannot be used on ${host.name}`,
        hint: problem?.hint,
        exitCode: EXIT.missingPart,
      });
    }
    return await buildEmbeddedImage({ ...options, host, containers: facts, folders: programFolders([]), io, onProgress });
  } finally {
    await host.close();
  }
}

function stepsText(site: string, steps: readonly RenderedStep[]): string {
  const lines = [`Nothing is done; on site "${site}" this would be:`];
  for (const step of steps) {
    if (step.kind === 'command') lines.push(`  ${step.description}: ${describeCommand({ argv: step.argv as [string, ...string[]] })}`);
    if (step.kind === 'file')
      lines.push(
        `  ${step.description}: ${step.path}`,
        ...step.content
          .trim()
          .split('\n')
          .map((line) => `    | ${line}`),
      );
  }
  return lines.join('\n');
}
