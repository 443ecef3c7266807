import type { Machine } from '../machine-types.ts';
import { until } from '../run.ts';
import { listens, startDaemon } from './daemons.ts';
import { LOGS } from './slurm-conf.ts';

const DATA = '/var/lib/mysql-of-slurm';
/** Where libmariadb looks when it is told of no other. */
const SOCKET = '/run/mysqld/mysqld.sock';

const START_MARIADB = String.raw`
set -eu
install -d -o mysql -g mysql -m 755 ${DATA} /run/mysqld
mariadb-install-db --no-defaults --user=mysql --datadir=${DATA} --skip-test-db --auth-root-authentication-method=socket > ${LOGS}/mariadb.log 2>&1
setsid mariadbd --no-defaults --user=mysql --datadir=${DATA} --socket=${SOCKET} --pid-file=/run/mysqld/mysqld.pid --skip-networking \
  --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --innodb-lock-wait-timeout=900 --innodb-flush-log-at-trx-commit=2 \
  < /dev/null >> ${LOGS}/mariadb.log 2>&1 &
`;

/** A MariaDB with nothing in it, for root, by its socket only. */
export async function startMariadb(machine: Machine, signal?: AbortSignal): Promise<void> {
  await machine.exec(['mkdir', '-p', LOGS]);
  await machine.exec(['sh', '-c', START_MARIADB], { timeoutMs: 60_000, signal });
  const ping = ['mariadb-admin', '--no-defaults', `--socket=${SOCKET}`, 'ping'] as const;
  await until('MariaDB', async () => (await machine.exec([...ping], { check: false })).code === 0, {
    timeoutMs: 20_000,
    everyMs: 50,
    signal,
  });
}

/** Slurmdbd; it makes its own tables. */
export async function startSlurmdbd(
  machine: Machine,
  { conf, why, signal }: { conf: string; why: () => string; signal: AbortSignal | undefined },
): Promise<void> {
  await startDaemon(machine, 'slurmdbd', conf);
  await listens(machine, 6819, { why, signal });
}
