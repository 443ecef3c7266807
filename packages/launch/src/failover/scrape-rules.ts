/** A line that names a node as the cause of a failure. */
export interface BadNodeRule {
  name: string;
  /** Has a group `node`: a name, a list in Slurm's notation, or an IPv4 address. */
  pattern: RegExp;
  /** The line must stand at most a few lines below one like this. */
  after?: RegExp;
  /** For people. */
  says: string;
}

const NODE = String.raw`(?<node>[A-Za-z0-9][A-Za-z0-9_.-]*)`;
const NODES = String.raw`(?<node>[A-Za-z0-9](?:[A-Za-z0-9_.,[\]-]*[A-Za-z0-9\]])?)`;

/** Of launchers and communication libraries. A rank that fails by itself accuses no node. */
export const BAD_NODE_RULES: readonly BadNodeRule[] = [
  { name: 'pals-shepherd', pattern: new RegExp(`^${NODE}: shepherd died from signal 9\\b`), says: 'its shepherd was killed' },
  { name: 'pals-ping', pattern: new RegExp(`\\bping failed on ${NODE}(?=[:\\s]|$)`), says: 'it does not answer PALS' },
  { name: 'slurm-node-failure', pattern: new RegExp(`\\bNode failure on ${NODES}`), says: 'Slurm says that it failed' },
  {
    name: 'slurm-node-failed',
    pattern: new RegExp(`\\bON ${NODE} CANCELLED AT \\S+ DUE TO NODE FAILURE`),
    says: 'Slurm says that it failed',
  },
  {
    name: 'slurm-task-launch',
    pattern: new RegExp(`\\b[Tt]ask launch for (?:StepId=)?\\S+ failed on node ${NODE}(?=[:\\s]|$)`),
    says: 'Slurm cannot start tasks on it',
  },
  {
    name: 'openmpi-daemon',
    after: /lost communication with a remote daemon|unable to reliably start one or more daemons/i,
    pattern: new RegExp(`^\\s*(?:Remote host|Hostname|host):\\s+${NODE}`),
    says: 'Open MPI lost its daemon there',
  },
  {
    name: 'hydra-proxy',
    pattern: new RegExp(`\\bproxy:?\\S* (?:at|on) ${NODE}\\S* .*(?:closed|failed|unable)`),
    says: 'MPICH lost its proxy there',
  },
  {
    name: 'gloo-peer',
    pattern: /\bgloo\b.*(?:closed|reset|refused|timed? ?out).*\[(?<node>\d{1,3}(?:\.\d{1,3}){3})\](?::\d+)?/i,
    says: 'its peers lost the connection to it',
  },
];
