import { expect, it } from 'vitest';
import { extraBodyOf } from './load-extra-body.ts';

it('takes fields of any depth as they are', () => {
  expect(extraBodyOf('{"top_k": 20, "chat_template_kwargs": {"enable_thinking": false}}')).toEqual({
    top_k: 20,
    chat_template_kwargs: { enable_thinking: false },
  });
});

it.each(['top_k=20', '[1]', '"text"', 'null', '{"top_k": }', ''])('takes %j for no object', (text) => {
  expect(() => extraBodyOf(text)).toThrow(/expected a JSON object/);
});
