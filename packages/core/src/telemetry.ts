import { z } from 'zod';

/** What a tool says, and nothing else: null is what it did not say. */
const said = z.number().nullable();

/** How a node's GPUs and an engine's processes are at one moment, as a job of a queue writes it down: one line of `telemetry.jsonl`. */
export const telemetrySampleSchema = z.object({
  /** The node's wall clock, epoch milliseconds. */
  atMs: z.number(),
  /** The job's own GPUs, by nvidia-smi, else rocm-smi; empty: it has none; null: neither tool told. */
  gpus: z
    .array(
      z.object({
        /** As the tool numbers it in the job. */
        index: z.int(),
        /** Share of the time before in which something ran on it. */
        utilizationPercent: said,
        memoryUsedMiB: said,
        memoryTotalMiB: said,
        powerW: said,
        temperatureC: said,
      }),
    )
    .nullable(),
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
