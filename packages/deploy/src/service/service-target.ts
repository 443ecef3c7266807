import type { Task } from '@bench/recipe';
import type { Deployment, Target, TargetContext } from '../contract.ts';
import { adoptService, startService } from './start-service.ts';
import { checkService, planService } from './plan-service.ts';
import type { ServiceRecord } from './record.ts';

/**
 * A service recipe on a host: its container in a network of its own, by Docker Compose, and its clients beside it. The service is up once
 * `start` resolves; `measure` runs all its clients at once.
 */
export function serviceTarget(): Target {
  return {
    name: 'service',
    check: checkService,
    plan: planService,
    start: ({ record, task }: { record: unknown; task: Task }, context: TargetContext): Promise<Deployment> =>
      startService({ record: record as ServiceRecord, task }, context),
    adopt: (record, context) => adoptService(record as ServiceRecord, context),
  };
}
