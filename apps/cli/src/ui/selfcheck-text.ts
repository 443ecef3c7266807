import { type LevelCheck, type Selfcheck, type SelfcheckLevel, verdictOf } from '@bench/loadgen/selfcheck';
import { columns, folded } from './columns.ts';
import type { Styles } from './style.ts';

/** The narrowest terminal that everything is to fit in. */
const WIDTH = 80;

export function levelText(level: SelfcheckLevel): string {
  if (level.kind === 'rate') return `${level.ratePerS} requests/s`;
  return level.streams === 1 ? '1 stream' : `${level.streams} streams`;
}

/** What a self-check found: a table of streams, one of rates, and the verdict. */
export function selfcheckText(check: Selfcheck, style: Styles): string {
  const of = (kind: SelfcheckLevel['kind']) => check.levels.filter(({ level }) => level.kind === kind);
  const streams = of('streams').map((each) => [...stream(each), share(each.eluMax), doubt(each)]);
  const rates = of('rate').map((each) => [...rate(each), share(each.eluMax), doubt(each)]);
  const parts = [`The client’s own error in ms, p50/p99; streams of ${check.tokensPerS} tokens/s`];
  if (streams.length > 0) parts.push(columns(['at once', 'TTFT', 'ITL', 'TPOT', 'server late', 'busy', ''], streams, style));
  if (rates.length > 0) parts.push(columns(['short requests', 'sent', 'left late p99', 'TTFT', 'server late', 'busy', ''], rates, style));
  parts.push(...folded(verdictOf(check), { width: WIDTH, indent: '' }, style));
  if (check.eventsPerSPerWorker !== null) {
    const capacity = `A worker reads about ${check.eventsPerSPerWorker} token events/s while its event loop is busy 80 % of the time.`;
    parts.push(...folded(capacity, { width: WIDTH, indent: '' }, style));
  }
  return `${parts.join('\n')}\n`;
}

function stream({ level, error }: LevelCheck): string[] {
  return [levelText(level), pair(error.ttftMs), pair(error.itlMs), pair(error.tpotMs), pair(error.serverLateMs)];
}

function rate({ level, error, rateReached, scheduleLagP99Ms: lag }: LevelCheck): string[] {
  const sent = rateReached === null ? '-' : `${(rateReached * 100).toFixed(1)} %`;
  return [levelText(level), sent, lag === null ? '-' : short(lag), pair(error.ttftMs), pair(error.serverLateMs)];
}

const short = (ms: number) => (ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0));

function pair(spread: { p50: number; p99: number } | null): string {
  return spread ? `${short(spread.p50)}/${short(spread.p99)}` : '-';
}

const share = (elu: number) => `${Math.round(elu * 100)} %`;
const doubt = ({ doubts }: LevelCheck) => (doubts.length > 0 ? 'in doubt' : '');
