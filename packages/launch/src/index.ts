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
export { expandNodeList } from './nodes/expand-node-list.ts';
export { compressNodeList } from './nodes/compress-node-list.ts';
export { parseHostfile, type HostfileFacts } from './nodes/hostfile.ts';
export { isNodeName, sameNode, shortName } from './nodes/node-name.ts';
export { detectAllocation, type DetectOptions } from './detect/allocation.ts';
export { localRankOf, rankOf, worldSizeOf, type RankFact } from './detect/ranks.ts';
export { MACHINES } from './machines/known-machines.ts';
export { findTopology, type FoundTopology } from './topology.ts';
export { planLaunch } from './plan-launch.ts';
export { launchContext } from './launch-context.ts';
export { realSystem } from './real-system.ts';
export { probeLauncher } from './launchers/probe-launcher.ts';
export { FLAVOURS } from './launchers/launch-line.ts';
export { readLabel } from './launchers/label.ts';
