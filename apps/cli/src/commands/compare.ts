import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BenchError, EXIT, type Gate, parseGate, plainTarget, writeAtomic } from '@bench/core';
import { buildReport, compareReports, type Comparison, comparisonMarkdown, renderComparison } from '@bench/report';
import { readSources } from '@bench/results';
import { withContext } from '../context.ts';
import { refuseSameRuns } from '../same-runs.ts';
import { gatesOf } from '../settings/compare-settings.ts';
import { loadSettings, type Settings } from '../settings/load-settings.ts';
import { styles } from '../ui/style.ts';
import { checkWritable } from '../writable.ts';

export interface CompareFlags {
  out: string;
  /** Limits; an empty text stands for those of the settings file. */
  gate: readonly string[];
  figure: readonly string[];
  tolerance?: number | undefined;
  betweenRuns?: number | undefined;
  all?: true | undefined;
  strict?: true | undefined;
  /** File of a comment for a pull request; `-`: the standard output, instead of the table. */
  markdown?: string | undefined;
  json?: true | undefined;
  config?: string | undefined;
}

/** `bench compare`. */
export function compare(base: string, candidate: string, flags: CompareFlags): Promise<number> {
  return withContext(async (context) => {
    // Mistakes in what was typed are told before anything is read.
    const printed = flags.markdown === '-';
    if (printed && flags.json) throw usage('--markdown - and --json would print two things into one', 'name a file for the Markdown');
    if (flags.markdown !== undefined && !printed) await checkWritable(flags.markdown, { flag: 'markdown', folder: false });
    const typed = flags.gate.filter((text) => text !== '').map(parseGate);
    const settings = await loadSettings({ config: flags.config, signal: context.signal });
    const gates = gateRule(typed, flags, settings);
    const read = async (text: string) => readSources(await namesOf(text), { out: flags.out, signal: context.signal });
    const sources = [await read(base), await read(candidate)] as const;
    refuseSameRuns(...sources);
    const [one, other] = sources;
    const sides = [buildReport(one, { prices: settings.prices }), buildReport(other, { prices: settings.prices })] as const;
    for (const { path, message } of sides.flatMap(({ problems }) => problems)) process.stderr.write(`left out: ${path}: ${message}\n`);

    const comparison = compareReports(...sides, {
      ...settings.compare,
      ...(flags.tolerance === undefined ? {} : { tolerance: flags.tolerance }),
      ...(flags.betweenRuns === undefined ? {} : { betweenRuns: flags.betweenRuns }),
      figures: flags.figure,
      ...(gates ? { gatesOf: gates } : {}),
    });
    const code = exitCode(comparison, { strict: flags.strict === true });
    if (flags.markdown !== undefined && !printed)
      await writeAtomic(await plainTarget(resolve(flags.markdown)), comparisonMarkdown(comparison));
    if (flags.json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, exitCode: code, ...comparison }, null, 1)}\n`);
    else if (printed) process.stdout.write(comparisonMarkdown(comparison));
    else {
      const style = styles(process.stdout);
      const options = { width: process.stdout.columns || 120, color: style.color, unicode: style.unicode, all: flags.all === true };
      process.stdout.write(`${renderComparison(comparison, options)}\n`);
    }
    return code;
  });
}

/** Gates of a recipe: with a bare `--gate` those of the settings file, and instead of them limits that were typed. Undefined: nothing is gated. */
function gateRule(typed: readonly Gate[], flags: CompareFlags, { gates }: Settings): ((recipe: string) => readonly Gate[]) | undefined {
  if (!flags.gate.includes('')) return typed.length === 0 ? undefined : () => typed;
  if (!gates)
    throw usage(
      '--gate without a limit takes those of the settings file, and it has none',
      'write --gate "ttft_p99_ms<+5%", or gates: in bench.config.yaml; docs/compare.md',
    );
  return (recipe) => gatesOf(gates, recipe, typed);
}

/** One side: a run or what another tool measured; or several with commas between them, which are repeats of each other. */
async function namesOf(text: string): Promise<string[]> {
  return (await stat(text).catch(() => null)) ? [text] : text.split(',').map((name) => name.trim());
}

/** A gate that failed wins over what the candidate did not measure, and that over doubts. */
export function exitCode(
  { gates, onlyBase, pairs }: Pick<Comparison, 'gates' | 'onlyBase' | 'pairs'>,
  { strict }: { strict: boolean },
): number {
  if (gates && gates.failed > 0) return EXIT.gate;
  if (gates && (onlyBase.length > 0 || pairs.some(({ candidate }) => candidate.partial))) return EXIT.taskFailed;
  const doubtful = pairs.some(({ base, candidate }) => base.partial || candidate.partial);
  if (strict && (doubtful || onlyBase.length > 0 || (gates !== null && gates.undecided > 0))) return EXIT.strict;
  return EXIT.ok;
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: EXIT.usage });
}
