import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let root: string;
let leave: () => void;
let endsWith: (string | number | null | undefined)[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-reader-'));
  endsWith = [];
  vi.resetModules();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    endsWith.push(code ?? process.exitCode);
    return undefined as never;
  });
  const before = new Set(process.stdout.listeners('error'));
  const { readerGone } = await import('./reader-gone.ts');
  readerGone();
  const ours = process.stdout.listeners('error').filter((one) => !before.has(one));
  leave = () => ours.forEach((tell) => tell(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })));
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(root, { recursive: true, force: true });
});

/** A command that only shows something, begun and left by its reader, and goes on to its end. */
async function shownTo(words: readonly string[]): Promise<number> {
  const { openContext } = await import('./context.ts');
  const { runCli } = await import('./run-cli.ts');
  const context = openContext({ stopText: null });
  leave();
  expect(context.signal.aborted).toBe(true);
  return runCli(['node', 'bench', ...words]).finally(() => context.dispose());
}

describe('a reader that goes away', () => {
  it('changes nothing of what a command found out', async () => {
    const bad = join(root, 'bad.yaml');
    await writeFile(bad, 'nmae: x\n');
    expect(await shownTo(['recipe', 'validate', bad, '--json'])).toBe(2);
  });

  it('stops what only shows, and to be stopped by it is no fault', async () => {
    vi.doMock('./commands/recipe.ts', () => ({ validate: () => Promise.resolve(130) }));
    expect(await shownTo(['recipe', 'validate', 'x.yaml'])).toBe(0);
    vi.doUnmock('./commands/recipe.ts');
  });

  it.each([undefined, 6])('ends a command that has nothing to give back with the exit code that is known: %s', (code) => {
    const stoppers = process.listeners('SIGHUP');
    process.removeAllListeners('SIGHUP');
    process.exitCode = code;
    leave();
    for (const one of stoppers) process.on('SIGHUP', one);
    expect(endsWith[0]).toBe(code);
  });
});
