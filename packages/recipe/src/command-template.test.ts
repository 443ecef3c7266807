import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { renderCommandTemplate } from './index.ts';

const sh = (script: string, env: Record<string, string> = {}) =>
  execFileSync('sh', ['-s'], { input: script, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...env } });

describe('renderCommandTemplate', () => {
  it('fills in names, and leaves the shell what is its own', () => {
    expect(renderCommandTemplate('run --size $size --batch=$batch -x $$PATH $(ls) $1 ${X:-y} $? $', { size: '32x8', batch: 4 })).toBe(
      'run --size 32x8 --batch=4 -x $PATH $(ls) $1 ${X:-y} $? $',
    );
  });

  it('takes the longest name', () => {
    expect(renderCommandTemplate('$a_b.$a', { a: 1, a_b: 2 })).toBe('2.1');
  });

  it('says which name is unknown, and the nearest', () => {
    expect(() => renderCommandTemplate('echo $sise', { size: 1 })).toThrow(/unknown name "\$sise" in the command; did you mean "size"\?/);
    expect(() => renderCommandTemplate('$constructor', {})).toThrow(/unknown name/);
  });

  it.each([`it's`, '"; echo pwned; "', '$(echo pwned)', '`echo pwned`', '\\', "'; echo pwned; '", 'a$HOME', '!x', '#no'])(
    'never runs a value: %s',
    (value) => {
      const script = renderCommandTemplate(`# don't mind\nprintf '%s\\n' "$v" '$v' "x'$v'y"\nprintf '[%s]' $v\n`, { v: value });
      const words = value.split(/\s+/).filter(Boolean);
      expect(sh(script, { HOME: 'pwned' })).toBe(`${value}\n${value}\nx'${value}'y\n${words.map((word) => `[${word}]`).join('')}`);
    },
  );

  it('splits a value into words where it stands alone, as a variable of the shell would', () => {
    expect(sh(renderCommandTemplate(`printf '[%s]' $flags "$flags"`, { flags: '--a 1 *' }))).toBe('[--a][1][*][--a 1 *]');
  });
});
