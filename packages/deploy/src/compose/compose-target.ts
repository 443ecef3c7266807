import { BUILTIN_ENGINES, type Engine } from '@bench/recipe';
import type { Target } from '../contract.ts';
import { adoptCompose } from './adopt-compose.ts';
import { checkCompose } from './check-compose.ts';
import type { ComposeRecord } from './compose-record.ts';
import { planCompose } from './plan-compose.ts';
import { startCompose } from './start-compose.ts';

export interface ComposeTargetOptions {
  /** Default: the built-in ones. */
  engines?: readonly Engine[];
  /** Of the balancer before several engines, or an exposed one. Default `nginx:alpine`. */
  balancerImage?: string;
}

/**
 * Engines in containers on a host, by Docker Compose: one, or as many as the GPUs carry behind a balancer. Ports are published on the
 * host's 127.0.0.1. Needs `SiteFacts.containers`, see `inspectContainers`.
 */
export function composeTarget(options: ComposeTargetOptions = {}): Target {
  const engines = options.engines ?? BUILTIN_ENGINES;
  const plan = { engines, balancerImage: options.balancerImage ?? 'nginx:alpine' };
  return {
    name: 'compose',
    check: (task, site) => checkCompose(task, site, plan),
    plan: (task, site) => planCompose(task, site, plan),
    start: ({ record, task }, context) => startCompose({ record: record as ComposeRecord, task }, context, engines),
    adopt: (record, context) => adoptCompose(record as ComposeRecord, context, engines),
  };
}
