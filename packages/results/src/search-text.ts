import type { SearchFile } from './search-file.ts';

/** What a search found, in words: `24 concurrent pass, 26 do not (88 % sure)`. */
export function searchText(search: SearchFile): string {
  const { passes, fails, confidence, complete, probes } = search;
  const unit = search.axis === 'rate' ? 'req/s' : 'concurrent';
  const load = (at: number) => String(Number(at.toPrecision(4)));
  const found =
    passes === null
      ? fails === null
        ? 'nothing was measured'
        : `no load passes, not even ${load(fails)} ${unit}`
      : fails === null
        ? `${load(passes)} ${unit} pass${complete ? ', and no higher load was to be tried' : ''}`
        : `${load(passes)} ${unit} pass, ${load(fails)} do not`;
  const sure = probes.length === 0 ? '' : ` (${Math.floor(confidence * 100)} % sure)`;
  return `${found}${sure}${complete ? '' : '; the search did not come to its end'}`;
}

/** The limits of a search, in words: `TTFT p99 at most 500 ms`. */
export function limitsText({ slo }: SearchFile): string {
  return Object.entries(slo)
    .map(([key, value]) => {
      if (key === 'goodput') return `goodput at least ${Number((value * 100).toPrecision(4))} %`;
      const [metric = '', percentile = ''] = key.split('_');
      return `${metric.toUpperCase()} ${percentile} at most ${value} ms`;
    })
    .join(', ');
}
