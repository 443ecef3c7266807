export { plannedTasks, planTasks, type ExecutionGroup, type Plan, type PlannedDeployment } from './plan.ts';
export { ASSUMPTIONS, estimateGroup, type Range } from './estimate.ts';
export { planCloud, type CloudGroup, type CloudPlan } from './plan-cloud.ts';
export { machineKey, priceLimit, TEARDOWN_ALLOWANCE_MS, wantedFor, wantedOf, type CloudLimits } from './wanted.ts';
