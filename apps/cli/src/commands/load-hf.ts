import type { LoadSpecInput } from '@bench/core';
import { usage } from '../asked.ts';

export interface HfFlags {
  dataset?: string | undefined;
  column?: string | undefined;
  split?: string | undefined;
  rows?: number | undefined;
}

const HF = /^hf:(.+)$/;

/** `--dataset hf:PATH` with what is said of it; null: another data set. */
export function hfOf({ dataset, column, split, rows }: HfFlags): Extract<LoadSpecInput['data'], { kind: 'hf' }> | null {
  const path = HF.exec(dataset ?? '')?.[1];
  return path === undefined ? null : { kind: 'hf', path, column, split, rows };
}

export function refuseHfFlags(flags: HfFlags): void {
  const said = (['column', 'split', 'rows'] as const).find((name) => flags[name] !== undefined);
  if (said !== undefined && !HF.test(flags.dataset ?? '')) throw usage(`--${said} is for --dataset hf:PATH`, 'leave it out');
}
