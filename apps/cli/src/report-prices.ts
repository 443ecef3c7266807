import { printable } from '@bench/core';
import { parsePrice, type PriceBook, type Report } from '@bench/report';
import { loadSettings } from './settings/load-settings.ts';
import { styles } from './ui/style.ts';

export interface PriceFlags {
  /** What it would cost. */
  price?: readonly string[] | undefined;
  /** Settings file. */
  config?: string | undefined;
}

/**
 * The prices that a report is made with: those of the settings, and before all others those that are asked for with `--price`.
 * @param now milliseconds since 1970: prices that are asked for are of that day
 */
export async function reportPrices(flags: PriceFlags, now: number): Promise<PriceBook> {
  const today = new Date(now).toISOString().slice(0, 10);
  const whatIf = (flags.price ?? []).map((text) => parsePrice(text, { today }));
  return { ...(await loadSettings({ config: flags.config })).prices, whatIf };
}

/** Says what was said about prices to no effect. */
export function tellUnusedPrices({ unusedPrices }: Report): void {
  const label = styles(process.stderr).yellow('warning:');
  for (const { path, message } of unusedPrices) process.stderr.write(`${label} ${printable(`${path}: ${message}`)}\n`);
}
