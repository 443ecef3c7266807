import { BenchError, EXIT, type RenderedStep } from '@bench/core';
import { z } from 'zod';

const description = z.string().min(1);
/** `RenderedStep` of `@bench/core`; what else a step has is not shown. */
const stepsSchema = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('command'), description, argv: z.array(z.string()).min(1), cwd: z.string().exactOptional() }),
    z.object({ kind: z.literal('file'), description, path: z.string(), content: z.string() }),
    z.object({ kind: z.literal('http'), description, method: z.string(), url: z.string(), body: z.unknown().optional() }),
  ]),
);

/**
 * What a provider's `plan` gave, once it is steps that can be shown: a plugin's may be anything.
 * @throws BenchError `BENCH_PROVIDER_BROKEN` that names the provider and what is wrong.
 */
export function checkedSteps(provider: string, given: unknown): RenderedStep[] {
  const parsed = stepsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`);
  throw new BenchError({
    code: 'BENCH_PROVIDER_BROKEN',
    message: `plan() of provider "${provider}" gave no list of steps that can be shown: ${problems.join('; ')}`,
    hint: 'a fault of the plugin that brings it; docs/plugins.md has the shape of a step',
    exitCode: EXIT.missingPart,
  });
}
