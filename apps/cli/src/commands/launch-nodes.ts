import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BenchError, EXIT, type Io, printable } from '@bench/core';
import { describeCommand } from '@bench/host';
import {
  type Allocation,
  detectAllocation,
  expandNodeList,
  killLaunch,
  type KillSignal,
  nodeCommand,
  type NodeHostOptions,
  stage,
} from '@bench/launch';
import { withContext } from '../context.ts';
import { durationFlag } from '../duration-flag.ts';
import { launchEnvironment } from '../launch-environment.ts';
import { styles } from '../ui/style.ts';

interface NodeFlags {
  nodes?: string | undefined;
  hostfile?: string | undefined;
  via?: NodeHostOptions['via'];
  config?: string | undefined;
  dryRun?: true | undefined;
  json?: true | undefined;
}

/** The nodes that are meant, and how they are reached. */
async function nodesOf(io: Io, flags: NodeFlags): Promise<{ nodes: string[]; reach: NodeHostOptions & { allocation: Allocation } }> {
  if (flags.nodes !== undefined && flags.hostfile !== undefined)
    throw usage('--nodes and --hostfile both say which nodes', 'keep one of them');
  const { system, plugins, machines } = await launchEnvironment(io, flags);
  const allocation = detectAllocation(system, { hostfile: flags.hostfile, plugins, machines });
  const nodes = flags.nodes === undefined ? allocation.nodes : expandNodeList(flags.nodes);
  return { nodes, reach: { allocation, hostname: system.hostname, via: flags.via } };
}

export interface StageFlags extends NodeFlags {
  unpack?: true | undefined;
  replace?: true | undefined;
  minSuccess?: string | undefined;
  atOnce?: number | undefined;
  timeout?: string | undefined;
  retries?: number | undefined;
}

/** `bench launch stage`. Ends with 1 when too few nodes have it. */
export function stageFiles(source: string, destination: string, flags: StageFlags): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      const { nodes, reach } = await nodesOf(io, flags);
      const { minSuccess } = flags;
      if (!statSync(source, { throwIfNoEntry: false }))
        throw usage(`${source}: there is no such file or folder`, 'a path starts at the working folder');
      const request = {
        source: resolve(source),
        destination,
        nodes,
        unpack: flags.unpack === true,
        replace: flags.replace === true,
        minSuccess,
      };
      if (flags.dryRun) {
        const steps = nodes.map((node) => ({ node, by: nodeCommand(node, reach) }));
        if (flags.json) process.stdout.write(`${JSON.stringify({ ...request, nodes: steps }, null, 1)}\n`);
        else
          for (const { node, by } of steps)
            process.stdout.write(
              `${node}: copy ${request.source} to ${destination}${by === null ? '' : `, by ${describeCommand({ argv: by })}`}\n`,
            );
        return EXIT.ok;
      }
      const result = await stage(request, {
        ...reach,
        io,
        signal,
        ...(flags.atOnce === undefined ? {} : { atOnce: flags.atOnce }),
        ...(flags.retries === undefined ? {} : { retries: flags.retries }),
        ...(flags.timeout === undefined ? {} : { timeoutMs: durationFlag('--timeout', flags.timeout) }),
      });
      const code = result.ok ? EXIT.ok : EXIT.taskFailed;
      if (flags.json) process.stdout.write(`${JSON.stringify({ exitCode: code, ...result }, null, 1)}\n`);
      else {
        process.stdout.write(`${result.staged.length} of ${nodes.length} nodes have ${destination}\n`);
        for (const { node, error, tries } of result.failed)
          process.stdout.write(
            `${styles(process.stdout).red('failed:')} ${node} after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${printable(error)}\n`,
          );
      }
      return code;
    },
    { stopText: 'nodes that are done are kept' },
  );
}

export interface KillFlags extends NodeFlags {
  any?: true | undefined;
  match?: string[] | undefined;
  signal?: KillSignal | undefined;
}

/** `bench launch kill`. Ends with 6 when something may be left. */
export function killProcesses(id: string | undefined, flags: KillFlags): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      if ((id === undefined) === (flags.any !== true))
        throw usage('an id or --any says whose processes are meant', 'bench launch prints the id when it starts');
      const { nodes, reach } = await nodesOf(io, flags);
      const result = await killLaunch(
        { launchId: id ?? null, nodes, matching: flags.match ?? [], signal: flags.signal, dryRun: flags.dryRun === true },
        { ...reach, io, signal },
      );
      const left = result.nodes.some((node) => node.left.length > 0);
      const unknown = result.failed.length > 0;
      const code = left || (unknown && !flags.dryRun) ? EXIT.cleanupIncomplete : unknown ? EXIT.missingPart : EXIT.ok;
      if (flags.json) process.stdout.write(`${JSON.stringify({ exitCode: code, dryRun: flags.dryRun === true, ...result }, null, 1)}\n`);
      else process.stdout.write(killText(result, flags));
      return code;
    },
    { stopText: null },
  );
}

function killText({ nodes, failed }: Awaited<ReturnType<typeof killLaunch>>, flags: KillFlags): string {
  const style = styles(process.stdout);
  const word = flags.dryRun ? 'would end' : flags.signal === undefined ? 'ended' : `sent ${flags.signal} to`;
  const lines = [
    ...nodes.flatMap(({ node, processes }) => processes.map(({ pid, command }) => `${word} ${node} ${pid} ${printable(command)}`)),
    ...nodes.flatMap(({ node, left }) =>
      left.map(({ pid, command }) => `${style.red('still there:')} ${node} ${pid} ${printable(command)}`),
    ),
    ...failed.map(({ node, error }) => `${style.red('unknown:')} ${node}: ${printable(error)}`),
  ];
  return lines.length === 0 ? `nothing found on ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}\n` : `${lines.join('\n')}\n`;
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: EXIT.usage });
}
