import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractCase, HostContractOptions } from './contract-case.ts';
import { EXEC_CASES } from './exec-cases.ts';
import { FILE_CASES } from './file-cases.ts';
import { PROCESS_CASES } from './process-cases.ts';
import { TUNNEL_CASES } from './tunnel-cases.ts';

/** Everything that a {@link Host} promises, as cases for any test runner. The host needs `/proc` and GNU's or BusyBox's tools. */
export function hostContract(options: HostContractOptions): readonly ContractCase[] {
  return Object.entries({ ...EXEC_CASES, ...PROCESS_CASES, ...FILE_CASES, ...TUNNEL_CASES }).map(([name, body]) => ({
    name,
    run: async () => {
      const host = await options.open();
      const near = await mkdtemp(join(tmpdir(), 'bench-contract-'));
      try {
        const far = (await host.exec({ argv: ['mktemp', '-d'] })).stdout.trim();
        try {
          await body({ host, far, near, options });
        } finally {
          await host.exec({ argv: ['rm', '-rf', far] });
        }
      } finally {
        await rm(near, { recursive: true, force: true });
        await host.close();
      }
    },
  }));
}
