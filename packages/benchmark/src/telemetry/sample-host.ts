import { gpuSampleSchema, type Host, messageOf } from '@bench/core';
import { HOST_SAMPLES } from '@bench/deploy';
import { z } from 'zod';

const hostSampleSchema = z.object({
  /** The host's wall clock before and after it looked, epoch milliseconds. */
  fromMs: z.number(),
  toMs: z.number(),
  gpus: z.array(gpuSampleSchema).nullable(),
  cpu: z.object({ busyS: z.number(), totalS: z.number() }).nullable(),
});
export type HostSample = z.infer<typeof hostSampleSchema>;

/** A line of `HOST_SAMPLES`; null: it is none. */
export function readHostSample(line: string): HostSample | null {
  try {
    return hostSampleSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

export interface HostSampler {
  readonly samples: readonly HostSample[];
  /** Ends what samples there, all of it. Never throws. */
  stop(): Promise<void>;
}

/** Samples a host until it is stopped, by a script that reads `/proc/stat` and asks nvidia-smi or rocm-smi. */
export function sampleHost(o: {
  host: Host;
  /** As the tools number them. */
  gpuIds: readonly string[];
  intervalMs: number;
  /** Called when it ends by itself, with the reason. */
  onEnd: (reason: string) => void;
}): HostSampler {
  const { host, gpuIds, intervalMs, onEnd } = o;
  const samples: HostSample[] = [];
  const execution = host.stream({
    argv: ['bash', '--norc', '-c', HOST_SAMPLES, 'bench', gpuIds.join(','), String(intervalMs / 1000)],
  });
  let stopped = false;
  const reading = (async () => {
    let last = '';
    for await (const { stream, text } of execution.lines()) {
      const sample = stream === 'stdout' ? readHostSample(text) : null;
      if (sample) samples.push(sample);
      else last = text;
    }
    const { code } = await execution.exit;
    if (!stopped) onEnd(last || `it ended with ${code}`);
  })().catch((error: unknown) => {
    if (!stopped) onEnd(messageOf(error));
  });
  return {
    samples,
    async stop() {
      stopped = true;
      await execution.kill({ graceMs: 1000 }).catch(() => undefined);
      await reading;
    },
  };
}
