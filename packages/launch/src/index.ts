export type {
  Allocation,
  Flavour,
  JobFacts,
  LaunchContext,
  LaunchDraft,
  LauncherProgram,
  LaunchPlan,
  LaunchRequest,
  PlanFile,
  ProgramAnswer,
  SchedulerName,
  SchedulerPlugin,
  SubmitJob,
  System,
  Topology,
} from './types.ts';
export { machineProfileSchema, type MachineProfile, type MachineProfileInput } from './machines/profile.ts';
