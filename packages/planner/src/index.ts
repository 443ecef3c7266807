export { loadPoints, type LoadPoint } from './load-points.ts';
export { plannedTasks, planTasks, type ExecutionGroup, type Plan, type PlannedDeployment } from './plan.ts';
