import { spawn } from 'node:child_process';
import { BenchError, EXIT } from '@bench/core';
import { quote } from '@bench/host';
import type { Ledger, MachineConnection } from '@bench/provisioning';
import { cloudSettings } from '../cloud-access.ts';
import { withContext } from '../context.ts';
import { lookAt, withOwnMachine } from '../own-machine.ts';

/** Arguments of the `ssh` program that reach a rented machine with the ledger's key, and check its host key under the machine's name. */
export function rentedSshArgs(o: {
  ledger: Pick<Ledger, 'key' | 'knownHostsFile'>;
  name: string;
  connection: MachineConnection;
}): string[] {
  const { ledger, name, connection } = o;
  return [
    '-i',
    ledger.key.privateKeyPath,
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    `UserKnownHostsFile=${ledger.knownHostsFile(name)}`,
    '-o',
    `HostKeyAlias=${name}`,
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-p',
    String(connection.port),
    `${connection.user}@${connection.host}`,
  ];
}

/** `bench vm ssh`. The exit code is that of ssh, which is the command's. */
export async function vmSsh(
  name: string,
  command: readonly string[],
  flags: { config?: string | undefined; forward?: string | undefined },
): Promise<number> {
  const args = await withContext(
    async ({ io, signal }) => {
      const settings = await cloudSettings(flags, signal);
      return withOwnMachine(name, { io, settings }, async (machine) => {
        const { connection, rawState } = await lookAt(machine, signal);
        if (connection === null)
          throw new BenchError({
            code: 'BENCH_MACHINE',
            message: `${machine.entry.name} cannot be reached by SSH now (${rawState})`,
            hint: 'bench vm list shows how it is',
            exitCode: EXIT.provider,
          });
        return rentedSshArgs({ ledger: machine.ledger, name: machine.entry.name, connection });
      });
    },
    { stopText: null },
  );
  // The far shell puts the words together again: each is quoted for it.
  const words = command.length === 0 ? [] : ['--', command.map(quote).join(' ')];
  const tunnel = flags.forward === undefined ? [] : ['-L', flags.forward, ...(words.length === 0 ? ['-N'] : [])];
  return new Promise((done, fail) => {
    const child = spawn('ssh', [...tunnel, ...args, ...words], { stdio: 'inherit' });
    // Ctrl-C is for the far side.
    const ignore = () => undefined;
    process.on('SIGINT', ignore);
    child.once('error', (cause) =>
      fail(
        new BenchError({
          code: 'BENCH_NO_SSH',
          message: `the program ssh cannot be run: ${cause.message}`,
          hint: 'install OpenSSH’s client',
          exitCode: EXIT.missingPart,
        }),
      ),
    );
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      done(code ?? (signal === null ? 1 : 130));
    });
  });
}
