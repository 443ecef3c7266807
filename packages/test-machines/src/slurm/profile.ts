import type { MachineFile } from '../files.ts';

/** Where the login host keeps what it says to everybody. */
export const SITE_BANNER = '/etc/motd-of-site';

const BANNER = '*** Welcome to the test cluster. Use is monitored. ***\nNews: scratch is cleaned on Mondays; quota: 12% used';

/**
 * What a login shell of any kind does on the login host: a site's banner on stdout, and SLURM_CONF, without which Slurm's programs do not know the
 * cluster. Nothing of it is done for `ssh HOST COMMAND`.
 */
export const profileFiles = (conf: string, banner = BANNER): MachineFile[] => [
  { path: SITE_BANNER.slice(1), content: `${banner}\n` },
  { path: 'etc/profile.d/zz-site.sh', content: `export SLURM_CONF='${conf}'\ncat ${SITE_BANNER}\n` },
  { path: 'etc/csh/login.d/zz-site', content: `setenv SLURM_CONF '${conf}'\ncat ${SITE_BANNER}\n` },
  { path: 'etc/fish/conf.d/zz-site.fish', content: `if status is-login\n  set -gx SLURM_CONF '${conf}'\n  cat ${SITE_BANNER}\nend\n` },
];
