import { formatDuration } from '@bench/core';
import type { LoadProgress } from '@bench/loadgen';
import { seenLength } from './fold-parts.ts';
import type { Styles } from './style.ts';

/** Lengths of the bar: the longest with which the rest can be read is taken. */
const BARS = [16, 8, 0];

/** `34/48 ▰▰▰▱▱  812 tok/s  8 in flight  12.0 s  ETA 3 s`, where that has room */
export function loadText(p: LoadProgress, style: Styles, room = Infinity): string {
  const texts = BARS.map((cells) => textWith(cells, p, style));
  return texts.find((text) => seenLength(text) <= room) ?? (texts.at(-1) as string);
}

function textWith(most: number, p: LoadProgress, style: Styles): string {
  if (p.phase === 'preparing') return 'preparing prompts';
  if (p.phase === 'warmup') return `warming up ${style.dim(formatDuration(p.elapsedMs))}`;
  const done = p.done + p.failed + (p.cancelled ?? 0);
  const [full, empty] = style.unicode ? ['▰', '▱'] : ['#', '.'];
  const cells = p.total && most > 0 ? Math.min(most, Math.floor((done / p.total) * most)) : null;
  return [
    p.total === null ? `${done} done` : `${done}/${p.total}`,
    cells === null ? null : `${full.repeat(cells)}${empty.repeat(most - cells)}`,
    `${Math.round(p.tokensPerS)} tok/s`,
    `${p.inFlight} in flight`,
    p.failed > 0 ? style.red(`${p.failed} failed`) : null,
    style.dim(formatDuration(p.elapsedMs)),
    p.etaMs === null ? null : style.dim(`ETA ${formatDuration(p.etaMs)}`),
  ]
    .filter((part) => part !== null)
    .join('  ');
}
