import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import type { TestImage } from './image.ts';

/** What ch-run binds over, and refuses to make itself. */
const FOLDERS = ['dev', 'proc', 'sys', 'tmp', 'mnt', 'home', 'etc'];
const FILES = ['etc/passwd', 'etc/group', 'etc/hosts', 'etc/resolv.conf'];

/**
 * Unpacks an image to a folder that `ch-run` (Charliecloud, ch-run(1)) takes. Its environment and command are not kept: name the command.
 * @param folder absolute; made when it is missing
 */
export async function unpackImage(image: TestImage, folder: string, signal?: AbortSignal): Promise<void> {
  for (const name of FOLDERS) mkdirSync(join(folder, name), { recursive: true });
  await run(['tar', '-xf', image.tar, '-C', folder, '--exclude=dev/*'], { timeoutMs: 120_000, signal });
  for (const name of FILES) writeFileSync(join(folder, name), '', { flag: 'a' });
}
