export { plannedTasks, planTasks, type ExecutionGroup, type Plan, type PlannedDeployment } from './plan.ts';
