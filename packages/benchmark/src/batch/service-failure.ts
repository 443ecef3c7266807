import { BenchError } from '@bench/core';
import type { Active } from './batch-context.ts';

/** How a job names what the recipe has it do before anything else: modules, and lines of the user's. */
const PRELUDE = /^(module load |loading the environment modules |slurm\.prelude |there are no environment modules )/;
/** What a job does before it opens its engine's log. */
const BEFORE_LOG = /^(the start|preparing the node) failed/;

/** Why a service ended that nobody asked to end: in its job's words, with the log that is there. */
export function serviceFailure({ record, look }: Pick<Active, 'record' | 'look'>, message: string): BenchError {
  const isPrelude = PRELUDE.test(message);
  const began = !isPrelude && look.state('service.image') !== null && !BEFORE_LOG.test(message);
  return new BenchError({
    code: isPrelude ? 'BENCH_JOB_PRELUDE' : 'BENCH_ENGINE_EXITED',
    message,
    hint: `its log: deployments/${record.id}/${began ? 'engine.log' : 'service.out'} of the run directory`,
  });
}

/** Has a service failed before it was ready? Nothing comes of its deployment any more. */
export function neverReady({ look, record, failure }: Pick<Active, 'look' | 'record' | 'failure'>): boolean {
  return (
    failure !== null && record.jobs[0]?.role !== 'command' && look.state('service.exit') !== null && look.state('service.ready') === null
  );
}
