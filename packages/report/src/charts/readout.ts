/** What a chart shows under the pointer; travels in its `data-tip` attribute. Positions are drawing units. */
export interface Readout {
  /** `x`: equal buckets of time from left to right. `y`: shares from bottom to top. */
  axis: 'x' | 'y';
  /** Start and end of the plot along the axis, then across it. */
  box: [number, number, number, number];
  /** For `x`: seconds a bucket. */
  stepS?: number;
  /** For `y`: the share of each value of a row, 0 to 1. */
  at?: readonly number[];
  rows: { name: string; color: string; unit?: string; values: (number | null)[] }[];
}

/** Three digits are read, four are kept. */
export const shortNumber = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
