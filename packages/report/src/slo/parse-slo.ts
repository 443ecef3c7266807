import { BenchError, didYouMean, EXIT, type LoadSpec } from '@bench/core';

/** Limits as a recipe’s `slo:` names them. */
const LIMITS = { ttft_ms: 'ttftMs', tpot_ms: 'tpotMs', e2el_ms: 'e2elMs' } as const;
const NAMES = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

/**
 * What `--slo` says, named as in a recipe: `ttft_ms=500`, `tpot_ms=50`, `e2el_ms=5000`; milliseconds, one a text.
 * @throws BenchError `BENCH_SLO_INVALID`, exit code 2: one is not of that form, or is said twice
 */
export function parseSlo(texts: readonly string[]): LoadSpec['slo'] {
  const slo: LoadSpec['slo'] = {};
  for (const text of texts) {
    const [, rawName = '', amount = ''] = /^([^=]*)=\s*(\d+(?:\.\d+)?|\.\d+)$/.exec(text.trim()) ?? [];
    const name = NAMES.find((each) => each === rawName.trim());
    if (amount === '' || Number(amount) === 0)
      throw invalid(text, 'it is no limit', 'ttft_ms=500, tpot_ms=50, e2el_ms=5000: milliseconds above 0');
    if (!name)
      throw invalid(text, `no limit is called "${rawName.trim()}"`, didYouMean(rawName.trim(), NAMES) ?? `one of ${NAMES.join(', ')}`);
    if (slo[LIMITS[name]] !== undefined) throw invalid(text, `${name} is limited twice`, 'name each limit once');
    slo[LIMITS[name]] = Number(amount);
  }
  return slo;
}

function invalid(text: string, what: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_SLO_INVALID', message: `--slo ${text}: ${what}`, hint, exitCode: EXIT.usage });
}
