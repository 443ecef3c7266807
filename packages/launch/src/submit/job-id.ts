/**
 * The id in what a submission printed; null when there is none. `sbatch --parsable`: `1234` or `1234;cluster`. `qsub`: `1234.server`, `1234[].server` of an array.
 * Sites print more around it, so the last line that is an id counts.
 */
export function parseJobId(scheduler: string, stdout: string): { jobId: string; cluster: string | null } | null {
  const lines = stdout.split('\n').map((line) => line.trim());
  const pattern =
    scheduler === 'slurm'
      ? /^(?<id>\d+)(?:;(?<cluster>[\w.-]+))?$/
      : scheduler === 'pbs'
        ? /^(?<id>\d+(?:\[\d*\])?(?:\.[\w.-]+)?)$/
        : /^(?<id>\S+)$/;
  for (const line of lines.toReversed()) {
    const groups = pattern.exec(line)?.groups;
    if (groups?.['id'] !== undefined) return { jobId: groups['id'], cluster: groups['cluster'] ?? null };
  }
  return null;
}
