import type { MachineFile } from '../files.ts';

const BANNER = '*** Welcome to the test cluster. Use is monitored. ***\nNews: scratch is cleaned on Mondays; quota: 12% used';

/**
 * What a login shell does on the login host: a site's banner on stdout, and SLURM_CONF, without which Slurm's programs do not know the cluster.
 * Nothing of it is done for `ssh HOST COMMAND`.
 */
export const profileFiles = (conf: string, banner = BANNER): MachineFile[] => [
  { path: 'etc/motd-of-site', content: `${banner}\n` },
  { path: 'etc/profile.d/zz-site.sh', content: `export SLURM_CONF='${conf}'\ncat /etc/motd-of-site\n` },
];
