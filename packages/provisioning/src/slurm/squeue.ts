import { jobOf, type SlurmJob } from './job.ts';
import { parseTime } from './time.ts';

const SEPARATOR = '\x1f';
/** squeue(1), `--format`: no width, so nothing is cut; a separator that stands in no name. */
const FIELDS = ['%i', '%T', '%j', '%N', '%r', '%P', '%V', '%S', '%e'];

/** All jobs of the user, those that ended a moment ago too. */
export const SQUEUE_ARGS: readonly string[] = ['--me', '--noheader', '--states=all', `--format=${FIELDS.join(SEPARATOR)}`];

/** Jobs of the lines; what is no such line (`CLUSTER: one`) is left out. */
export function parseQueue(text: string): SlurmJob[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.split(SEPARATOR);
    if (parts.length !== FIELDS.length) return [];
    const [id = '', state = '', name, nodeList, reason, partition, submit, start, end] = parts.map((part) => part.trim());
    if (!/^\d/.test(id)) return [];
    return [jobOf({ id, state, name, nodeList, reason, partition, submit, start, end }, { source: 'squeue', time: parseTime })];
  });
}
