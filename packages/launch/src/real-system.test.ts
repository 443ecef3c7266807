import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { realSystem } from './index.ts';

const system = realSystem({ PATH: process.env.PATH, WORD: 'here' });

describe('this machine', () => {
  it('says what it is', () =>
    expect(system).toMatchObject({ hostname: hostname(), uid: process.getuid?.(), user: expect.any(String) as string }));

  it('runs programs with the environment that it is given, and nothing of its own', () => {
    expect(system.exec(['sh', '-c', 'echo "$WORD"; echo err >&2; exit 3'])).toEqual({ code: 3, stdout: 'here\n', stderr: 'err\n' });
    expect(system.exec(['env']).stdout).not.toContain('HOME=');
  });

  it('does not fail where a program is not there or is none', () => {
    expect(system.exec(['no-such-program-anywhere'])).toMatchObject({ code: 127, stdout: '' });
    expect(system.exec(['/etc/hostname']).code).toBe(127);
  });

  it('reads files, and knows which cannot be read', () => {
    expect(system.files(import.meta.filename)).toContain('reads files');
    expect(system.files('/no/such/file')).toBeNull();
    expect(system.files('/')).toBeNull();
  });
});
