import { BenchError } from '@bench/core';
import type { Flavour } from '../types.ts';

/** What Open MPI binds to (`--bind-to`), 4 and 5 together. */
const OPENMPI = ['none', 'hwthread', 'core', 'l1cache', 'l2cache', 'l3cache', 'socket', 'package', 'numa', 'board'];

/** CPUs of each rank for PALS' `depth` when none are given. */
const DEPTH = 8;

/**
 * Flags that bind ranks to CPUs, in the launcher's own words: `--cpu-bind` of srun and PALS (`depth:16` there is `--cpu-bind=depth --depth=16`), `--bind-to` of Open MPI,
 * `-bind-to` of Hydra.
 * @throws BenchError `BENCH_CPU_BIND` for a word that the launcher does not have.
 */
export function cpuBindFlags(flavour: Flavour, bind: string | null): string[] {
  if (bind === null) return [];
  switch (flavour) {
    case 'srun':
      return [`--cpu-bind=${bind}`];
    case 'pals': {
      const [, depth] = /^depth(?::(\d+))?$/.exec(bind) ?? [];
      return bind.startsWith('depth') ? ['--cpu-bind=depth', `--depth=${depth ?? DEPTH}`] : [`--cpu-bind=${bind}`];
    }
    case 'openmpi':
      if (OPENMPI.includes(bind)) return ['--bind-to', bind];
      throw refused(flavour, bind, `Open MPI binds to ${OPENMPI.join(', ')}`);
    case 'mpich':
    case 'intelmpi':
      return ['-bind-to', bind];
    default:
      if (bind === 'none') return [];
      throw refused(flavour, bind, 'this launcher binds nothing; leave --cpu-bind out');
  }
}

function refused(flavour: Flavour, bind: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_CPU_BIND', message: `--cpu-bind: ${flavour} cannot bind ranks to "${bind}"`, hint, exitCode: 2 });
}
