import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findToken, redactor } from './redact.ts';

describe('known secrets', () => {
  it('are masked wherever they stand, also twice', () => {
    expect(redactor(['hunter22']).redact('a=hunter22&b=hunter22!')).toBe('a=***&b=***!');
  });

  it('leave nothing behind when they overlap or contain each other', () => {
    const mask = redactor(['abcdef', 'defghi', 'abcdefghijkl']);
    expect(mask.redact('<abcdefghi>')).toBe('<***>');
    expect(mask.redact('<abcdefghijkl>')).toBe('<***>');
    expect(mask.redact('<defghiabcdef>')).toBe('<******>');
    expect(redactor(['aaaa']).redact('aaaaaa')).toBe('***');
  });

  it('are masked as JSON, JSON in JSON, URLs, forms and base64 write them', () => {
    const secret = 'p"a ss\\w/ör\n+d';
    const mask = redactor([secret]);
    const forms = [
      secret,
      JSON.stringify({ k: secret }),
      JSON.stringify(JSON.stringify({ k: secret })),
      `?k=${encodeURIComponent(secret)}`,
      Buffer.from(secret).toString('base64'),
    ];
    for (const form of forms) {
      const out = mask.redact(form);
      expect(out).toContain('***');
      expect(out).not.toMatch(/ss|w.*r/);
    }
    expect(redactor(['two words']).redact(new URLSearchParams({ q: 'two words' }).toString())).toBe('q=***');
  });

  it('are masked line by line when they have lines', () => {
    const mask = redactor(['first line of the secret\nsecond line of the secret\n']);
    expect(mask.redact('log: second line of the secret')).toBe('log: ***');
  });

  it('of under 4 characters, or blank, are ignored', () => {
    const mask = redactor(['abc', '      ', '']);
    expect(mask.redact('abc      abc')).toBe('abc      abc');
  });

  it('survive lone surrogates', () => {
    expect(redactor(['key\ud800key']).redact('x key\ud800key y')).toBe('x *** y');
  });

  it('never appear in the output, whatever they and the text are', () => {
    const secret = fc.string({ minLength: 4, maxLength: 12 }).filter((s) => s.trim().length >= 4 && !s.includes('*'));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 5 }), fc.array(fc.string(), { maxLength: 6 }), (secrets, between) => {
        const text = between.join(secrets.join(' '));
        const out = redactor(secrets).redact(text);
        return secrets.every((s) => !out.includes(s.trim()));
      }),
    );
  });
});

describe('shapes', () => {
  it.each([
    ['token hf_abcdefghijklmnopqrstuv end', 'token *** end'],
    ['sk-proj-abcdefghij_klmnopqrst', '***'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: Bearer ***'],
    ['"authorization":"Basic dXNlcjpwYXNz"', '"authorization":"Basic ***"'],
    [String.raw`{\"Authorization\": \"Bearer abcdef\"}`, String.raw`{\"Authorization\": \"Bearer ***\"}`],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\nafter', '***\nafter'],
    ['-----BEGIN PRIVATE KEY-----\nb3Bl', '***'],
    ['ya29.a0AfH6SMBxyzxyzxyzxyz', '***'],
  ])('%j', (text, masked) => {
    expect(redactor().redact(text)).toBe(masked);
  });

  it('leave ordinary text alone', () => {
    const text = 'task-key hf_model sk-learn, max_tokens: 128, tokens/s 3.5, authorization required';
    expect(redactor().redact(text)).toBe(text);
  });

  it('take linear time over a megabyte of near misses', () => {
    const text = '-----BEGIN PRIVATE KEY-----x'.repeat(20_000) + 'authorization : '.repeat(30_000);
    expect(redactor(['planted-secret']).redact(text)).toBe('***');
  });
});

describe('redactValue', () => {
  it('masks strings at every depth, keys that name a secret, and keys that are one', () => {
    const mask = redactor(['hunter22']);
    expect(
      mask.redactValue({
        text: ['x hunter22', 1, null, true],
        apiKey: 'anything',
        HF_TOKEN: 'anything',
        headers: { Authorization: ['Bearer x', ''] },
        private_key: '',
        total_tokens: 7,
        maxTokens: 'many',
        hunter22: 1,
      }),
    ).toEqual({
      text: ['x ***', 1, null, true],
      apiKey: '***',
      HF_TOKEN: '***',
      headers: { Authorization: ['***', ''] },
      private_key: '',
      total_tokens: 7,
      maxTokens: 'many',
      '***': 1,
    });
  });

  it('keeps an error’s words, ends cycles, and leaves the original as it was', () => {
    const mask = redactor(['hunter22']);
    const value: Record<string, unknown> = { error: new Error('no hunter22'), twice: [] as unknown[] };
    const shared = { a: 'hunter22' };
    value['twice'] = [shared, shared];
    value['self'] = value;
    expect(mask.redactValue(value)).toEqual({
      error: { name: 'Error', message: 'no ***' },
      twice: [{ a: '***' }, { a: '***' }],
      self: '[circular]',
    });
    expect(shared.a).toBe('hunter22');
  });
});

it.each([
  ['x hf_0123456789abcdefXYZ sk-0123456789abcdefXYZ', 2],
  ['-----BEGIN PRIVATE KEY-----\nabc', 0],
  ['Authorization: Bearer $TOKEN', -1],
  ['hf_short', -1],
  ['', -1],
])('findToken tells where a token stands: %j', (text, at) => {
  expect(findToken(text)).toBe(at);
  expect(findToken(text)).toBe(at);
});
