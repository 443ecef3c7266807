import type { LoadSpecInput } from '@bench/core';
import { usage } from '../asked.ts';

/** What `--models` asks for: `base=3,adapter`, a class a model, drawn by weight. @throws BenchError `BENCH_USAGE` when it cannot be read */
export function modelClasses(text: string): NonNullable<LoadSpecInput['classes']> {
  const classes = text.split(',').map((part) => {
    // A model's name may have more of them.
    const at = part.lastIndexOf('=');
    const model = (at < 0 ? part : part.slice(0, at)).trim();
    const weight = at < 0 ? 1 : Number(part.slice(at + 1));
    if (model === '' || !(weight > 0 && Number.isFinite(weight)))
      throw usage(`--models ${text}: "${part}" is no model with a weight`, 'write base=3,adapter-a,adapter-b');
    return { name: model, model, weight };
  });
  const twice = classes.find(({ name }, i) => classes.findIndex((other) => other.name === name) < i);
  if (twice) throw usage(`--models ${text}: "${twice.name}" is there twice`, 'give it one weight');
  return classes;
}
