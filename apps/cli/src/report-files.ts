import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BenchError, EXIT, messageOf } from '@bench/core';
import { type Report, writeCharts, writeHtml, writeXlsx } from '@bench/report';
import type { CliContext } from './context.ts';

/** Flags of `bench report` that name what is written. */
export interface FileFlags {
  html?: string | undefined;
  xlsx?: string | undefined;
  charts?: string | undefined;
  chartFormat?: 'svg' | 'png' | undefined;
  dark?: true | undefined;
}

/** Does any of the flags name a file? */
export function namesFiles({ html, xlsx, charts }: FileFlags): boolean {
  return [html, xlsx, charts].some((path) => path !== undefined);
}

/**
 * Refuses what cannot be written, before there is any work.
 * @throws BenchError `BENCH_UNWRITABLE`.
 */
export async function checkFiles({ html, xlsx, charts }: FileFlags): Promise<void> {
  for (const [flag, path] of Object.entries({ html, xlsx })) if (path !== undefined) await checkWritable(path, { flag, folder: false });
  if (charts !== undefined) await checkWritable(charts, { flag: 'charts', folder: true });
}

/** Writes what the flags name; the answer is the paths. */
export async function writeFiles(report: Report, flags: FileFlags, context: CliContext): Promise<string[]> {
  const options = { now: context.io.now(), signal: context.signal };
  const files: string[] = [];
  const add = async (path: string | undefined, write: (file: string) => Promise<void>) => {
    if (path === undefined) return;
    await write(resolve(path));
    files.push(resolve(path));
  };
  await add(flags.html, (file) => writeHtml(report, file, options));
  await add(flags.xlsx, (file) => writeXlsx(report, file, options));
  if (flags.charts !== undefined) {
    const formats = flags.chartFormat ? { formats: [flags.chartFormat] } : {};
    const drawn = await writeCharts(report, resolve(flags.charts), { ...options, ...formats, dark: flags.dark === true });
    if (drawn.length === 0) process.stderr.write('no chart was written: nothing that was measured can be drawn\n');
    files.push(...drawn);
  }
  return files;
}

async function checkWritable(path: string, { flag, folder }: { flag: string; folder: boolean }): Promise<void> {
  const refuse = (why: string) =>
    new BenchError({
      code: 'BENCH_UNWRITABLE',
      message: `--${flag} ${path} cannot be written: ${why}`,
      hint: `name a ${folder ? 'folder' : 'file'} that you may write`,
      exitCode: EXIT.usage,
    });
  let place = resolve(path);
  const there = await stat(place).catch(() => null);
  if (there && there.isDirectory() !== folder) throw refuse(folder ? 'it is a file' : 'it is a folder');
  // What is missing is made, in the nearest folder above that is there; a file is replaced by a new one beside it.
  if (!there || !folder) place = dirname(place);
  for (;;) {
    const found = await stat(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw refuse(messageOf(error));
    });
    if (found && !found.isDirectory()) throw refuse(`${place} is a file`);
    if (found) break;
    place = dirname(place);
  }
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
}
