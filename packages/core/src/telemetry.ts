import { z } from 'zod';

/** What a tool says, and nothing else: null is what it did not say. */
const said = z.number().nullable();

/** One GPU at one moment, by nvidia-smi, else rocm-smi. */
export const gpuSampleSchema = z.object({
  /** As the tool numbers it. */
  index: z.int(),
  /** Share of the time before in which something ran on it. */
  utilizationPercent: said,
  memoryUsedMiB: said,
  memoryTotalMiB: said,
  powerW: said,
  temperatureC: said,
  /** Clock of its multiprocessors now. Absent: not asked for, or the tool does not tell. */
  smClockMhz: said.optional(),
  /** Clock of its memory now. Absent: as above. */
  memoryClockMhz: said.optional(),
  /** Why its clocks are what they are: NVML's mask of clock event reasons, `0x0000000000000004`; see {@link throttleReasons}. Absent: as above. */
  clockReasons: z.string().nullable().optional(),
});
export type GpuSample = z.infer<typeof gpuSampleSchema>;

/** Bits of NVML's clock event reasons that hold a GPU back (`nvml.h`, nvmlClocksEventReason…); idle, and clocks that were set, do not. */
const THROTTLES: readonly [bit: number, name: string][] = [
  [0x4, 'sw_power_cap'],
  [0x8, 'hw_slowdown'],
  [0x20, 'sw_thermal_slowdown'],
  [0x40, 'hw_thermal_slowdown'],
  [0x80, 'hw_power_brake_slowdown'],
];

/** What holds a GPU's clocks back, by the names of nvidia-smi; empty: nothing. Null: it is not known. */
export function throttleReasons({ clockReasons }: Pick<GpuSample, 'clockReasons'>): string[] | null {
  const mask = clockReasons == null ? NaN : Number(clockReasons);
  if (!Number.isSafeInteger(mask)) return null;
  return THROTTLES.flatMap(([bit, name]) => ((mask & bit) === 0 ? [] : [name]));
}

/** How a node's GPUs and an engine's processes are at one moment, as a job of a queue writes it down: one line of `telemetry.jsonl`. */
export const telemetrySampleSchema = z.object({
  /** The node's wall clock, epoch milliseconds. */
  atMs: z.number(),
  /** The job's own GPUs, by nvidia-smi, else rocm-smi; empty: it has none; null: neither tool told. */
  gpus: z.array(gpuSampleSchema).nullable(),
  /** The engine with all of its group and session, by /proc; null: there is no process of it. */
  processes: z
    .object({
      count: z.int(),
      /** CPU time that they and the children they waited for have used since they began, seconds. */
      cpuS: z.number(),
      /** Resident memory. What processes share counts in each of them. */
      rssBytes: z.number(),
    })
    .nullable(),
});
export type TelemetrySample = z.infer<typeof telemetrySampleSchema>;

/** The samples of a text of lines, in order. A line that was cut off, or is none, is left out. */
export function parseTelemetry(text: string): TelemetrySample[] {
  return text.split('\n').flatMap((line) => {
    try {
      const parsed = telemetrySampleSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

/** CPUs that were busy with the processes between two samples, `1.5` for one and a half; null: that cannot be told. */
export function busyCpus(before: TelemetrySample, after: TelemetrySample): number | null {
  const elapsedS = (after.atMs - before.atMs) / 1000;
  if (before.processes === null || after.processes === null || elapsedS <= 0) return null;
  const usedS = after.processes.cpuS - before.processes.cpuS;
  // A process that went took its time with it.
  return usedS < 0 ? null : usedS / elapsedS;
}
