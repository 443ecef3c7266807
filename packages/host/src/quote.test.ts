import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCommand, quote, remoteHost } from './index.ts';
import { NASTY } from './testing/nasty.ts';
import { shellTransport } from './testing/shell-transport.ts';

/** What a shell makes of quoted words, each ended by a NUL. */
function wordsOf(shell: readonly [string, ...string[]], words: readonly string[]): string[] {
  const [file, ...args] = shell;
  const out = execFileSync(file, [...args, '-c', `printf '%s\\0' x ${words.map(quote).join(' ')}`], { encoding: 'utf8' });
  return out.split('\0').slice(1, -1);
}

/** Any text that can be an argument: no NUL, and no half characters, which UTF-8 cannot hold. */
const character = fc.oneof(
  fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;#~=%^\n\r\t -`),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const word = fc.array(character, { maxLength: 40 }).map((all) => Buffer.from(all.join('').replaceAll('\0', '')).toString('utf8'));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-quote-'));
  symlinkSync('/bin/bash', join(folder, 'sh'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a quoted word', () => {
  it.each([['sh'], ['bash'], ['bash', '--posix']] as const)('is that word to %s %s', (...shell) => {
    expect(wordsOf(shell, NASTY)).toEqual(NASTY);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 200 }), (words) => {
        expect(wordsOf(shell, words)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });

  it('cannot hold a NUL', () => {
    expect(() => quote('a\0b')).toThrow(/NUL/);
  });

  it('is only where one is needed, for people', () => {
    expect(describeCommand({ argv: ['docker', 'run', '--env=A=b', "it's", ''] })).toBe(String.raw`docker run --env=A=b 'it'\''s' ''`);
  });
});

describe('the way to a far command', () => {
  const bashAsSh = () => ({ ...process.env, PATH: `${folder}:${process.env.PATH}` });

  it.each(['sh', 'bash as sh'])('keeps every argument and variable, read by %s', async (name) => {
    const host = remoteHost(shellTransport({ shell: '/bin/sh', ...(name === 'sh' ? {} : { env: bashAsSh() }) }));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 60 }), word, async (words, value) => {
        const script = 'printf "%s\\0" "$VALUE" "$@"';
        const { stdout, stderr } = await host.exec({ argv: ['sh', '-c', script, 'sh', ...words] }, { env: { VALUE: value } });
        expect([stdout.split('\0').slice(0, -1), stderr]).toEqual([[value, ...words], '']);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses names that cannot be variables', async () => {
    const host = remoteHost(shellTransport({ shell: '/bin/sh' }));
    for (const name of ['', '1A', 'A B', 'A;id', 'A=B', 'A\n']) {
      await expect(host.exec({ argv: ['true'] }, { env: { [name]: 'x' } })).rejects.toMatchObject({ code: 'BENCH_UNSAFE_VALUE' });
    }
  });
});
