// Real parts that some tests need and that npm cannot bring. Tests ask here whether a part is present,
// `scripts/install-test-parts` installs them, `scripts/test.mjs` names the skipped ones. As a program: one row a part.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALL = 'sudo scripts/install-test-parts';

/** Where daemons lie; the PATH of users often lacks these. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The table. A new part is a new row: its Debian packages, where its program is found, and what it enables. See parts.d.mts for the fields. */
export const PARTS = {
  chromium: {
    packages: ['chromium', 'fonts-liberation'],
    programs: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    override: 'BENCH_TEST_CHROMIUM',
    enables: 'reports opened and photographed in a real browser',
  },
  libreoffice: {
    packages: ['libreoffice-calc-nogui'],
    programs: ['soffice'],
    enables: 'workbooks worked out by a spreadsheet',
  },
  sshd: {
    packages: ['openssh-server', 'openssh-client'],
    programs: ['sshd'],
    with: ['ssh', 'ssh-keygen'],
    enables: 'hosts reached by SSH',
  },
  docker: {
    packages: ['docker.io', 'curl'],
    programs: ['dockerd'],
    with: ['docker', 'containerd', 'runc', 'iptables', 'curl'],
    root: true,
    enables: 'engines and services in containers',
  },
  compose: {
    packages: ['docker-compose'],
    programs: ['docker-compose'],
    enables: 'deployments by Docker Compose',
  },
  netns: {
    packages: ['iproute2', 'iptables', 'util-linux', 'procps'],
    programs: ['ip'],
    with: ['unshare', 'nsenter', 'setpriv', 'iptables', 'ps'],
    root: true,
    probe: ['unshare', '--net', '--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'],
    enables: 'machines in network namespaces, for everything over SSH',
  },
  'cpu-quota': {
    packages: ['util-linux'],
    programs: ['chrt'],
    root: true,
    probe: [
      'sh',
      '-c',
      'for root in cpu cpu,cpuacct .; do dir=/sys/fs/cgroup/$root/bench-probe-$$; mkdir "$dir" 2>/dev/null || continue; ' +
        'ls "$dir/cpu.cfs_quota_us" "$dir/cpu.max" 2>/dev/null | grep -q . && chrt --fifo 1 true; usable=$?; rmdir "$dir"; ' +
        '[ $usable -ne 0 ] || exit 0; done; echo "no control group can be given a CPU quota" >&2; exit 1',
    ],
    enables: 'a load client that gets too little CPU',
  },
  nginx: { packages: ['nginx-light'], programs: ['nginx'], enables: 'the load balancer and the service of that name, for real' },
  tcsh: { packages: ['tcsh'], programs: ['tcsh'], enables: 'hosts whose login shell is tcsh' },
  fish: { packages: ['fish'], programs: ['fish'], enables: 'hosts whose login shell is fish' },
  curl: { packages: ['curl'], programs: ['curl'], enables: 'the HTTP clients of the service presets' },
  redis: {
    packages: ['redis-server', 'redis-tools'],
    programs: ['redis-server'],
    with: ['redis-cli', 'redis-benchmark'],
    enables: 'the service presets on a real Redis',
  },
  postgres: {
    packages: ['postgresql', 'postgresql-contrib'],
    programs: ['/usr/lib/postgresql/*/bin/postgres'],
    with: ['/usr/lib/postgresql/*/bin/pgbench', '/usr/lib/postgresql/*/bin/initdb'],
    enables: 'the service presets on a real PostgreSQL',
  },
  slurm: {
    packages: ['slurm-wlm', 'slurmdbd', 'munge', 'mariadb-server'],
    programs: ['slurmctld'],
    with: ['slurmd', 'slurmdbd', 'munged', 'mungekey', 'sbatch', 'srun', 'scontrol', 'sacct', 'mariadbd', 'mariadb', 'mariadb-install-db'],
    root: true,
    enables: 'clusters run by a real Slurm, with and without accounting',
  },
  // Both may be there: `mpirun` is then one of them, and tests name mpirun.openmpi and mpiexec.hydra.
  openmpi: { packages: ['openmpi-bin'], programs: ['mpirun.openmpi'], with: ['orted'], enables: 'launches by Open MPI' },
  mpich: { packages: ['mpich'], programs: ['mpiexec.hydra'], with: ['hydra_pmi_proxy'], enables: 'launches by MPICH' },
  charliecloud: { packages: ['charliecloud'], programs: ['ch-run'], enables: 'containers without privileges, as on a cluster' },
  gcloud: {
    packages: [],
    programs: ['gcloud'],
    byHand: 'it is not in Debian; https://cloud.google.com/sdk has it',
    enables: "the fake of Google Cloud, judged by Google's own client",
  },
};

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Paths that an absolute pattern means, the last version first. `*` stands for one whole name. */
function expand(pattern) {
  return pattern
    .split('/')
    .reduce(
      (folders, name) =>
        folders
          .flatMap((folder) => {
            if (name !== '*') return [`${folder}${name}`];
            return existsSync(folder)
              ? readdirSync(folder)
                  .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
                  .map((entry) => `${folder}${entry}`)
              : [];
          })
          .map((path) => `${path}/`),
      [''],
    )
    .map((path) => path.slice(0, -1));
}

/** Path of the first of `programs` that is there: names on the PATH or where daemons lie, or absolute patterns. */
function findProgram(programs, env) {
  // Without any PATH nothing is looked for.
  const folders = env.PATH ? [...env.PATH.split(delimiter), ...SYSTEM_FOLDERS] : [];
  return programs
    .flatMap((program) => (program.startsWith('/') ? expand(program) : folders.map((folder) => join(folder || '.', program))))
    .find(isExecutable);
}

/** Why a part's program, which is there, cannot be used by whoever asks; or undefined. */
function unusable(row) {
  if (row.root && process.getuid?.() !== 0) return 'not root';
  if (!row.probe) return undefined;
  const [program, ...args] = row.probe;
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 5_000 });
  const [line] = (stderr || String(error ?? `exit code ${status}`)).trim().split('\n');
  return status === 0 ? undefined : line.startsWith(program) ? line : `${program}: ${line}`;
}

/** Why no part can be installed on this machine by `install-test-parts`, or undefined. */
function impossible(env) {
  if (process.platform !== 'linux' || !findProgram(['apt-get'], env)) return 'not a Debian system (no apt-get)';
  if (process.getuid?.() !== 0) return 'not root';
  return undefined;
}

/** Probes are asked once. */
const probed = new Map();

/** See parts.d.mts. */
export function part(name, env = process.env) {
  const row = PARTS[name];
  if (!row) throw new Error(`no test part is called "${name}"; there are: ${Object.keys(PARTS).join(', ')}`);
  const named = row.override ? env[row.override] : undefined;
  const program = named ? (existsSync(named) ? named : undefined) : findProgram(row.programs, env);
  const complete = program !== undefined && (row.with ?? []).every((other) => findProgram([other], env));
  if (complete && !probed.has(name)) probed.set(name, unusable(row));
  const useless = complete ? probed.get(name) : row.byHand;
  const present = complete && useless === undefined;
  return {
    name,
    enables: row.enables,
    present,
    path: present ? program : undefined,
    impossible: present ? undefined : (useless ?? impossible(env)),
    skipped: present ? undefined : useless ? `no ${name} here: ${useless}` : `no ${name} here; to enable: ${INSTALL}`,
  };
}

/** See parts.d.mts. */
export function testData(env = process.env) {
  const root = resolve(fileURLToPath(import.meta.url), '../..');
  const folder = env.BENCH_TEST_DATA ?? resolve(root, '../shared/data');
  return folder && existsSync(folder) ? realpathSync(folder) : '';
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(PARTS)) {
    const { present, path, impossible: why, enables } = part(name);
    console.log(
      [name, present ? 'present' : why ? 'impossible' : 'missing', PARTS[name].packages.join(' '), path ?? why ?? '-', enables].join('\t'),
    );
  }
}
