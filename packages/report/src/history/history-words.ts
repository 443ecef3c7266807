import { changeText } from '../compare/words.ts';
import { columnDecimals, formatNumber, listWords } from '../format.ts';
import { engineLabel } from '../labels.ts';
import { oneLine } from '../text.ts';
import type { HistoryChange, HistoryEntry, HistorySeries } from './build-history.ts';
import { FEWEST_VALUES } from './change-points.ts';
import { FLAG_WORDS } from '../flags.ts';

/** `qwen3 / vllm-tp8, 16 concurrent`. */
export function seriesName({ recipe, variant, load }: HistorySeries): string {
  const parts = [oneLine(recipe, 120), variant === 'default' ? '' : oneLine(variant, 120)].filter(Boolean);
  return `${parts.join(' / ')}${load === null ? '' : `, ${load}`}`;
}

/** `8xH200 · random prompts, 512 tokens in, 128 out`. */
export function seriesPlace({ machine, prompts }: HistorySeries): string {
  return [machine ?? 'machine not known', prompts].filter((part) => part !== null).join(' · ');
}

/** `Output tokens, tok/s; higher is better`. */
export function figureWords({ figure: { label, unit, better } }: HistorySeries): string {
  return `${[oneLine(label, 60), oneLine(unit, 20)].filter(Boolean).join(', ')}${better === null ? '' : `; ${better} is better`}`;
}

/** Figures of a series with the same number of decimals. */
export function valueTexts({ entries }: HistorySeries): string[] {
  const decimals = columnDecimals(entries.map(({ value }) => value));
  return entries.map(({ value }) => formatNumber(value, decimals));
}

/** `186.2 to 190.1`; empty: not known. */
export function boundsText({ entries }: HistorySeries, { interval }: HistoryEntry): string {
  if (!interval) return '';
  const decimals = columnDecimals(entries.map(({ value }) => value));
  return `${formatNumber(interval.low, decimals)} to ${formatNumber(interval.high, decimals)}`;
}

export function engineText({ engine }: HistoryEntry): string {
  return engine ? engineLabel({ name: engine.name, ...(engine.version === null ? {} : { version: engine.version }) }) : '';
}

/** `-10.5 % (-12.1 to -9.0 %), worse`; of the newest run alone `worse if it stays`. */
export function changeWords({ before, after, change, interval, verdict, unconfirmed }: HistoryChange): string {
  const size =
    change === null || interval === null
      ? `from ${formatNumber(before)} to ${formatNumber(after)}`
      : `${changeText(change, 'relative')} (${changeText(interval.low, 'relative', false)} to ${changeText(interval.high, 'relative')})`;
  return `${size}${verdict === null ? '' : `, ${verdict}`}${unconfirmed ? ' if it stays' : ''}`;
}

/** `GPU driver: 570.86 → 575.57`. */
export function differenceWords({ name, base, candidate }: HistoryEntry['differs'][number]): string {
  const value = (text: string | null) => (text === null ? 'not there' : text === '' ? '""' : oneLine(text, 60));
  return `${oneLine(name, 60)}: ${value(base)} → ${value(candidate)}`;
}

/** Titles of flags that make a figure doubtful. */
export function doubts({ flags }: HistoryEntry): string[] {
  return flags.flatMap((code) => {
    const words = (FLAG_WORDS as Partial<typeof FLAG_WORDS>)[code as keyof typeof FLAG_WORDS];
    return words?.weight === 'doubt' ? [words.title] : [];
  });
}

/** What marks mean, and where there can be none. */
export function methodWords(series: readonly HistorySeries[]): string[] {
  const short = series.filter(({ entries }) => entries.length < FEWEST_VALUES);
  const marked = series.some(({ changes }) => changes.length > 0);
  return [
    ...(marked
      ? [
          'A change is where the level of a series moved for longer than one run, or with the newest run; one in twenty series without a change has a mark.',
        ]
      : []),
    ...(short.length > 0
      ? [
          `Changes are looked for from ${FEWEST_VALUES} runs on; ${listWords(short.slice(0, 3).map(seriesName))}${short.length > 3 ? ' and others have' : short.length > 1 ? ' have' : ' has'} fewer.`,
        ]
      : []),
  ];
}
