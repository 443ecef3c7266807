/** Maps values to positions. */
export interface Scale {
  kind: 'linear' | 'log';
  min: number;
  max: number;
  ticks: number[];
  /** 0 at `min`, 1 at `max`. */
  at(value: number): number;
}

/** From zero (or `min`) to a round number at or above `max`, with about `count` steps of 1, 2, 2.5 or 5 times a power of ten. */
export function linearScale(max: number, count = 5, min = 0): Scale {
  const span = max - min > 0 && Number.isFinite(max) ? max - min : 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((m) => m * power >= rough * 0.999) ?? 10) * power;
  const steps = Math.ceil(span / step - 1e-9);
  const top = min + steps * step;
  const ticks = Array.from({ length: steps + 1 }, (_, i) => Number((min + i * step).toPrecision(12)));
  return { kind: 'linear', min, max: top, ticks, at: (value) => (value - min) / (top - min) };
}

/** Ends at a 1, 2 or 5 times a power of ten on both sides, at least `room` times below the smallest value, and ticks there. */
export function logScale(min: number, max: number, room = 1): Scale {
  const floor = (value: number) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return ([5, 2, 1].find((m) => m * power <= value * 1.0001) ?? 1) * power;
  };
  const ceil = (value: number) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return ([1, 2, 5, 10].find((m) => m * power >= value * 0.9999) ?? 10) * power;
  };
  const low = floor(min / room);
  const high = Math.max(ceil(max), low * 2);
  const all: number[] = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
    for (const m of [1, 2, 5]) {
      const tick = Number((m * 10 ** p).toPrecision(6));
      if (tick >= low * 0.999 && tick <= high * 1.001) all.push(tick);
    }
  }
  const decades = all.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9);
  const ticks = all.length <= 9 || decades.length < 3 ? all.slice(0, 9) : decades;
  const span = Math.log(high / low);
  return { kind: 'log', min: low, max: high, ticks, at: (value) => Math.log(value / low) / span };
}

/** Logarithmic when the values span more than `ratio`, and none is zero. */
export function scaleFor(values: readonly number[], options: { ratio?: number; count?: number } = {}): Scale {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return linearScale(1);
  const min = Math.min(...finite);
  const max = Math.max(...finite);
  return min > 0 && max / min > (options.ratio ?? 25) ? logScale(min, max, 1.3) : linearScale(max, options.count);
}

/** Exactly from `min` to `max`, with round ticks between: what a reader looks at more closely. */
export function rangeScale(kind: Scale['kind'], min: number, max: number, count = 5): Scale {
  const inside = (tick: number) => tick >= min - (max - min) * 1e-9 && tick <= max + (max - min) * 1e-9;
  const power = 10 ** Math.floor(Math.log10((max - min) / count));
  const step = ([1, 2, 2.5, 5, 10].find((m) => m * power * count >= (max - min) * 0.999) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const even = Array.from({ length: count + 2 }, (_, i) => Number(((first + i) * step).toPrecision(12))).filter(inside);
  const decades = kind === 'log' ? logScale(min, max).ticks.filter(inside) : [];
  return scaleOf({ kind, min, max, ticks: decades.length >= 3 ? decades : even });
}

/** A scale that travelled as data. */
export function scaleOf({ kind, min, max, ticks }: Omit<Scale, 'at'>): Scale {
  const span = Math.log(max / min);
  return { kind, min, max, ticks, at: kind === 'log' ? (value) => Math.log(value / min) / span : (value) => (value - min) / (max - min) };
}

/** The value at a position of 0 to 1. */
export function valueAt({ kind, min, max }: Scale, position: number): number {
  return kind === 'log' ? min * (max / min) ** position : min + position * (max - min);
}
