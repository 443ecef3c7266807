import { BUILTIN_ENGINES, type Engine } from '@bench/recipe';
import type { Target } from '../contract.ts';
import { adoptContainer } from './adopt-container.ts';
import { checkContainer } from './check-container.ts';
import type { ContainerRecord } from './container-record.ts';
import { planContainer } from './plan-container.ts';
import { startContainer } from './start-container.ts';

/**
 * One engine as a container that is rented: the machine is the engine. There is no Docker Compose, no balancer and no SSH; its port faces the
 * internet behind a generated API key, over plain HTTP. Needs `TargetContext.rentals`.
 */
export function containerTarget(options: { engines?: readonly Engine[] } = {}): Target {
  const engines = options.engines ?? BUILTIN_ENGINES;
  return {
    name: 'container',
    check: (task) => checkContainer(task, { engines }),
    plan: (task, site) => planContainer(task, site, { engines }),
    start: ({ record, task }, context) => startContainer({ record: record as ContainerRecord, task }, context, engines),
    adopt: (record, context) => adoptContainer(record as ContainerRecord, context, engines),
  };
}
