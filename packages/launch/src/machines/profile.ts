import { z } from 'zod';

/** A pattern for a whole name, case-insensitive: a JavaScript regular expression without anchors. */
const pattern = z.string().refine(compiles, { message: 'not a regular expression' });

/** What is particular about launching on one machine. Data: users add their own under `launch.machines` of the settings. */
export const machineProfileSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]*$/),
  scheduler: z.string(),
  /** How the machine is known. Any sign is enough; variables are looked at before names, which other machines may share. */
  signs: z.strictObject({
    /** Variables with a pattern of their whole value. */
    env: z.record(z.string(), pattern).default({}),
    /** Patterns of the whole host name, as given or cut at its first dot. */
    hostname: z.array(pattern).default([]),
  }),
  /** GPUs that a rank is given, per node: tiles on machines that are used by the tile. */
  gpus_per_node: z.int().min(0).default(0),
  /** Program that starts ranks. Default: the scheduler's. */
  launcher: z.string().optional(),
  /** Its dialect. Default: asked from the program. */
  mpi: z.string().optional(),
  /** CPU binding in the launcher's words, `depth:8` for a depth. */
  cpu_bind: z.string().optional(),
  /** More flags for the launcher. */
  launcher_args: z.array(z.string()).default([]),
});

/** A machine profile, complete. */
export type MachineProfile = z.output<typeof machineProfileSchema>;
/** A machine profile as people write it. */
export type MachineProfileInput = z.input<typeof machineProfileSchema>;

function compiles(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}
