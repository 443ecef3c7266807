import { BenchError } from './error.ts';
import { EXIT } from './exit-codes.ts';
import { type Figure, figure, STATISTICS } from './figure-name.ts';
import { metric } from './metrics.ts';

/** A limit that a figure has to keep. */
export interface Gate {
  /** As it was written, without spaces around. */
  text: string;
  /** `ttft_p99_ms`; a name that no metric of ours has is one that a recipe reports itself. */
  figure: string;
  /** `<`: the figure, or its change, has to stay below. */
  side: '<' | '>';
  /** `<=` and `>=`: what is equal to the limit keeps it. */
  orEqual: boolean;
  /** `change`: from base to candidate. `value`: the candidate's own. */
  of: 'change' | 'value';
  /** Of a change: a share, 0.05 for 5 %; of figures that are shares themselves a difference, 0.05 for 5 points. Of a value: in the unit of its metric. */
  limit: number;
}

const GRAMMAR = '"ttft_p99_ms<+5%" limits a change, "ttft_p99_ms<500" and "error_ratio<1%" a value';

/**
 * Reads `FIGURE<LIMIT` or `FIGURE>LIMIT`: `ttft_p99_ms<+5%` (may grow by less than 5 %), `output_throughput>-3%` (may fall by less than 3 %), `ttft_p99_ms<500`
 * (in the metric's unit), `error_ratio<1%`. A per cent with a sign is a change; with `<=` and `>=` what is equal to the limit keeps it.
 * @throws BenchError `BENCH_GATE_INVALID` with the column, exit code 2
 */
export function parseGate(written: string): Gate {
  const text = written.trim();
  const parts = /^([^<>=\s]+)\s*(<=|>=|<|>)\s*(.*)$/.exec(text);
  if (!parts) throw invalid(text, 1, 'a figure, then < or >, then a limit were expected', GRAMMAR);
  const [, name = '', operator = '', limit = ''] = parts;
  const at = text.length - limit.length + 1;
  const known = knownFigure(text, name);
  const share = known?.definition.unit === 'ratio';
  const number = /^([+-]?)(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(limit);
  if (!number) throw invalid(text, at, 'a limit was expected: a number, or a change such as +5%', GRAMMAR);
  const [, sign = '', digits = '', percent = ''] = number;
  if (percent === '' && sign !== '')
    throw invalid(text, at, 'a change is told in per cent', `write ${limit}%, or ${digits} for the value itself`);
  if (percent !== '' && sign === '' && !share)
    throw invalid(text, at, 'a per cent of this figure is a change, and wants a sign', `write +${limit} or -${limit}`);
  const side = operator.startsWith('<') ? '<' : '>';
  const { better } = known?.definition ?? { better: 'neither' };
  if ((better === 'lower' && side === '>') || (better === 'higher' && side === '<'))
    throw invalid(
      text,
      name.length + 1,
      `${known?.name} is better when it is ${better}, so its gate begins with ${better === 'lower' ? '<' : '>'}`,
    );
  const value = Number(`${sign}${digits}`);
  return {
    text,
    figure: known?.name ?? name,
    side,
    orEqual: operator.endsWith('='),
    of: sign === '' ? 'value' : 'change',
    limit: percent === '' ? value : value / 100,
  };
}

/** Null: a recipe may report it itself. */
function knownFigure(text: string, name: string): Figure | null {
  const known = figure(name);
  if (known) return known;
  const whole = metric(name);
  if (whole) {
    const names = STATISTICS.map((statistic) => figure(`${name}_${statistic}`)?.name);
    throw invalid(text, 1, `${name} is a distribution, and a gate is of one figure`, `one of ${names.join(', ')}`);
  }
  return null;
}

function invalid(text: string, column: number, message: string, hint?: string): BenchError {
  return new BenchError({
    code: 'BENCH_GATE_INVALID',
    message: `gate "${text}", column ${column}: ${message}`,
    hint,
    exitCode: EXIT.usage,
  });
}
