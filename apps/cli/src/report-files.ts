import { stat } from 'node:fs/promises';
import { dirname, parse, resolve } from 'node:path';
import { BenchError, EXIT, plainTarget, writeAtomic } from '@bench/core';
import {
  modelFileNames,
  renderCsv,
  renderJunit,
  renderMarkdown,
  type Report,
  reportJson,
  splitByModel,
  writeCharts,
  writeHtml,
  writeXlsx,
} from '@bench/report';
import type { CliContext } from './context.ts';
import { unwritten } from './unwritten.ts';
import { checkWritable } from './writable.ts';

/** Flags of `bench report` that name what is written. */
export interface FileFlags {
  html?: string | undefined;
  xlsx?: string | undefined;
  /** Beside the workbook, one of each model. */
  split?: 'model' | undefined;
  csv?: string | undefined;
  markdown?: string | undefined;
  junit?: string | undefined;
  jsonFile?: string | undefined;
  charts?: string | undefined;
  chartFormat?: 'svg' | 'png' | undefined;
  dark?: true | undefined;
}

/** Formats that are text, and may go to the standard output. */
const TEXTS = { csv: renderCsv, markdown: renderMarkdown, junit: renderJunit } as const;
const textFlags = Object.keys(TEXTS) as (keyof typeof TEXTS)[];

/** Does any of the flags say what is wanted, so that nothing else is to be written? */
export function namesFiles({ html, xlsx, csv, markdown, junit, jsonFile, charts }: FileFlags): boolean {
  return [html, xlsx, csv, markdown, junit, jsonFile, charts].some((path) => path !== undefined);
}

/** The text that a flag asks for on the standard output; null: none does. */
export function printedText(report: Report, flags: FileFlags): string | null {
  const flag = textFlags.find((name) => flags[name] === '-');
  return flag ? TEXTS[flag](report) : null;
}

/**
 * Refuses what cannot be written, before there is any work.
 * @throws BenchError `BENCH_UNWRITABLE`, `BENCH_NOT_A_FILE`; `BENCH_USAGE` when two things want the standard output or one file, or one that is no text wants it.
 */
export async function checkFiles({ html, xlsx, charts, jsonFile, json, ...flags }: FileFlags & { json?: true | undefined }): Promise<void> {
  const printed = [...textFlags.filter((name) => flags[name] === '-').map((name) => `--${name} -`), ...(json ? ['--json'] : [])];
  if (printed.length > 1)
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: `${printed.join(' and ')} would print two things into one`,
      hint: 'name a file for all but one',
      exitCode: EXIT.usage,
    });
  if (flags.split && xlsx === undefined)
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: '--split model splits a workbook, and none is asked for',
      hint: 'name one with --xlsx',
      exitCode: EXIT.usage,
    });
  const others = { html, xlsx, 'json-file': jsonFile, charts };
  for (const [flag, path] of Object.entries(others)) if (path === '-') throw notPrinted(flag);
  const texts = Object.fromEntries(textFlags.map((name) => [name, flags[name] === '-' ? undefined : flags[name]]));
  const named = new Map<string, string>();
  for (const [flag, path] of Object.entries({ ...others, ...texts })) {
    if (path === undefined) continue;
    const target = await checkWritable(path, { flag, folder: flag === 'charts' });
    const other = named.get(target);
    if (other !== undefined)
      throw new BenchError({
        code: 'BENCH_USAGE',
        message: `--${other} and --${flag} name the same ${flag === 'charts' ? 'path' : 'file'}: ${path}`,
        hint: 'give each a name of its own',
        exitCode: EXIT.usage,
      });
    named.set(target, flag);
  }
}

/** `./-` is a file of that name. */
function notPrinted(flag: string): BenchError {
  return new BenchError({
    code: 'BENCH_USAGE',
    message: `--${flag} cannot go to the standard output: only ${textFlags.map((name) => `--${name}`).join(', ')} take -`,
    hint: flag === 'json-file' ? '--json prints it' : `name a ${flag === 'charts' ? 'folder' : 'file'}`,
    exitCode: EXIT.usage,
  });
}

/** Writes what the flags name; the answer is the paths. */
export async function writeFiles(report: Report, flags: FileFlags, context: CliContext): Promise<string[]> {
  const { signal } = context;
  const options = { now: context.io.now(), signal };
  const files: string[] = [];
  const add = async (path: string | undefined, write: (file: string) => Promise<void>) => {
    if (path === undefined || path === '-') return;
    signal.throwIfAborted();
    const file = resolve(path);
    await told(file, { folder: dirname(file) }, () => write(file));
    files.push(file);
  };
  await add(flags.html, (file) => writeHtml(report, file, options));
  await add(flags.xlsx, (file) => writeXlsx(report, file, options));
  if (flags.xlsx !== undefined && flags.split) {
    const { dir, name, ext } = parse(resolve(flags.xlsx));
    const parts = splitByModel(report);
    const names = modelFileNames(parts.map(({ model }) => model));
    for (const [i, part] of parts.entries()) await add(`${dir}/${name}-${names[i]}${ext}`, (file) => writeXlsx(part.report, file, options));
  }
  for (const name of textFlags)
    await add(flags[name], (file) => plainTarget(file).then((target) => writeAtomic(target, TEXTS[name](report))));
  if (flags.charts !== undefined) {
    const formats = flags.chartFormat ? { formats: [flags.chartFormat] } : {};
    const folder = resolve(flags.charts);
    const drawn = await told(folder, { folder }, () => writeCharts(report, folder, { ...options, ...formats, dark: flags.dark === true }));
    if (drawn.length === 0) process.stderr.write('no chart was written: nothing that was measured can be drawn\n');
    files.push(...drawn);
  }
  // It names the others.
  await add(flags.jsonFile, (file) => plainTarget(file).then((target) => writeAtomic(target, jsonText(report, files))));
  return files;
}

/** Writes something; why that did not work names it, and a folder that was made for it is told of. */
async function told<T>(path: string, { folder }: { folder: string }, write: () => Promise<T>): Promise<T> {
  const isThere = () =>
    stat(folder).then(
      () => true,
      () => false,
    );
  const there = await isThere();
  const written = await write().catch((error: unknown) => {
    throw unwritten(path, error);
  });
  if (!there && (await isThere())) process.stderr.write(`made the folder ${folder}\n`);
  return written;
}

/** What `--json` prints, and `--json-file` writes. */
export function jsonText(report: Report, files: readonly string[]): string {
  return `${JSON.stringify(reportJson(report, files), null, 1)}\n`;
}
