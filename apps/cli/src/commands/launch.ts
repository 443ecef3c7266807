import { once } from 'node:events';
import { EXIT, printable } from '@bench/core';
import { describeCommand } from '@bench/host';
import {
  type LaunchPlan,
  type LaunchResult,
  parseLaunchArguments,
  prepareLaunch,
  type PreparedLaunch,
  runLaunch,
  testTable,
} from '@bench/launch';
import { withContext } from '../context.ts';
import { stepLines } from '../dry-run/step-lines.ts';
import { launchEnvironment } from '../launch-environment.ts';
import { styles } from '../ui/style.ts';

/** `bench launch`. The exit code is the program's; 124 for silence, 130 for Ctrl-C. */
export async function launch(words: readonly string[], help: () => void): Promise<number> {
  const parsed = parseLaunchArguments(words);
  if (parsed.help) {
    help();
    return EXIT.ok;
  }
  return withContext(
    async (context) => {
      const { io, signal } = context;
      const { system, plugins, machines, id, folder } = await launchEnvironment(io, {});
      const prepared = prepareLaunch(parsed, { system, id, folder, node: process.execPath, plugins, machines });
      if (parsed.only !== null) {
        process.stdout.write(planText(prepared));
        return EXIT.ok;
      }
      const style = styles(process.stderr);
      const note = (line: string) => process.stderr.write(`${style.dim('bench launch:')} ${io.redact(printable(line))}\n`);
      note(headline(prepared.plan));
      for (const line of prepared.plan.notes) note(line);
      context.leaves = `ranks may still run; end them with: bench launch kill ${id}`;
      const result = await runLaunch(prepared, {
        io,
        signal,
        system,
        show: (stream, chunk) => written(process[stream], chunk),
        note,
        cwd: process.cwd(),
        // A terminal stops whoever reads from it in another group.
        stdin: process.stdin.isTTY ? 'ignore' : 'inherit',
      });
      context.leaves = null;
      if (parsed.test) showTest(result, { json: parsed.json, plan: prepared.plan });
      return result.code;
    },
    { stopText: 'ending all ranks; again ends at once' },
  );
}

/** A slow reader slows the program down. */
async function written(stream: NodeJS.WriteStream, chunk: Uint8Array | string): Promise<void> {
  if (!stream.write(chunk)) await once(stream, 'drain');
}

function headline({ topology, launcher, allocation, id, nodes }: LaunchPlan): string {
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const where = nodes.length > 4 ? `${nodes.slice(0, 3).join(' ')} … ${nodes.at(-1) ?? ''}` : nodes.join(' ');
  const by = launcher.flavour === 'local' ? 'without MPI' : `by ${launcher.program} (${launcher.flavour})`;
  const job = allocation.jobId === null ? '' : `, ${allocation.scheduler} job ${allocation.jobId}`;
  return `${count(topology.ranks, 'rank')} on ${count(topology.nodes, 'node')} (${where}) ${by}${job}; id ${id}`;
}

/** What a plan sets, with what came from the environment masked: it may be a secret. */
function shownEnv({ parsed, plan }: PreparedLaunch): Record<string, string> {
  const taken = new Set(parsed.env.filter(({ value }) => value === null).map(({ name }) => name));
  return Object.fromEntries(Object.entries(plan.env).map(([name, value]) => [name, taken.has(name) ? '***' : value]));
}

/** For people: the program of `--test` is long, and is named instead of printed. */
function shownArgv({ parsed, plan, request }: PreparedLaunch): [string, ...string[]] {
  const source = parsed.test ? request.command.at(-1) : undefined;
  return plan.argv.map((word) => (source !== undefined && word.endsWith(source) ? 'the-reference-program' : word)) as [string, ...string[]];
}

function planText(prepared: PreparedLaunch): string {
  const { parsed, plan, split } = prepared;
  const env = shownEnv(prepared);
  if (parsed.json) {
    const { id, argv, files, nodes, topology, launcher, master, notes, allocation } = plan;
    return `${JSON.stringify({ id, argv, env, files, nodes, spare: split?.spare ?? [], topology, launcher, master, allocation, notes }, null, 1)}\n`;
  }
  if (parsed.only === 'print-command') return `${describeCommand({ argv: shownArgv(prepared) })}\n`;
  const { allocation, launcher, master } = plan;
  const lines = [
    headline(plan),
    ...Object.entries(allocation.source).map(([fact, source]) => `  ${fact} by ${source}`),
    `  launcher ${launcher.program}: ${launcher.flavour}${launcher.version === null ? '' : ` ${launcher.version}`}`,
    `  master ${master.address}:${master.port}`,
    ...(split === null ? [] : [`  spare nodes: ${split.spare.length === 0 ? 'none' : split.spare.join(' ')}`]),
    ...plan.notes.map((line) => `  note: ${line}`),
    ...plan.files.flatMap(({ path, content }) => stepLines({ kind: 'file', description: 'write', path, content })),
    ...Object.entries(env).map(([name, value]) => `set ${name}=${value}`),
    ...stepLines({ kind: 'command', description: 'run', argv: shownArgv(prepared) }),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function showTest({ code, test }: LaunchResult, { json, plan }: { json: boolean; plan: LaunchPlan }): void {
  if (json) {
    const found = test === null ? { problems: ['the ranks gave no result'] } : { ...test.result, problems: test.problems };
    process.stdout.write(`${JSON.stringify({ exitCode: code, topology: plan.topology, launcher: plan.launcher, ...found }, null, 1)}\n`);
    return;
  }
  const style = styles(process.stdout);
  if (test === null) {
    process.stdout.write(`${style.red('the ranks gave no result')}; what they said is above\n`);
    return;
  }
  const { asked, failed } = test.result.connections;
  process.stdout.write(`${testTable(test.result)}\n`);
  process.stdout.write(`${asked - failed.length} of ${asked} connections between ranks work\n`);
  for (const problem of test.problems) process.stdout.write(`${style.red('problem:')} ${printable(problem)}\n`);
}
