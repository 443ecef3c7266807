import type { JobFacts } from '../types.ts';

/** A job, or none; and what a person should know about how it was looked for. */
export interface FoundJob {
  job: JobFacts | null;
  notes: string[];
}
