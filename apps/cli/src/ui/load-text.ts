import { formatDuration } from '@bench/core';
import type { LoadProgress } from '@bench/loadgen';
import type { Styles } from './style.ts';

const BAR_CELLS = 16;

/** `34/48 ▰▰▰▱▱  812 tok/s  8 in flight  12.0 s  ETA 3 s` */
export function loadText(p: LoadProgress, style: Styles): string {
  if (p.phase === 'preparing') return 'preparing prompts';
  if (p.phase === 'warmup') return `warming up ${style.dim(formatDuration(p.elapsedMs))}`;
  const done = p.done + p.failed;
  const [full, empty] = style.unicode ? ['▰', '▱'] : ['#', '.'];
  const cells = p.total ? Math.min(BAR_CELLS, Math.floor((done / p.total) * BAR_CELLS)) : null;
  return [
    p.total === null ? `${done} done` : `${done}/${p.total}`,
    cells === null ? null : `${full.repeat(cells)}${empty.repeat(BAR_CELLS - cells)}`,
    `${Math.round(p.tokensPerS)} tok/s`,
    `${p.inFlight} in flight`,
    p.failed > 0 ? style.red(`${p.failed} failed`) : null,
    style.dim(formatDuration(p.elapsedMs)),
    p.etaMs === null ? null : style.dim(`ETA ${formatDuration(p.etaMs)}`),
  ]
    .filter((part) => part !== null)
    .join('  ');
}
