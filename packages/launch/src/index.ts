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
export { compressNodeList } from './nodes/compress-node-list.ts';
export { parseHostfile, type HostfileFacts } from './nodes/hostfile.ts';
export { expandNodeList, isNodeName, sameNode, shortName } from '@bench/core';
export { detectAllocation, type DetectOptions, schedulerHere } from './detect/allocation.ts';
export { localRankOf, rankOf, worldSizeOf, type RankFact } from './detect/ranks.ts';
export { MACHINES } from './machines/known-machines.ts';
export { findTopology, type FoundTopology } from './topology.ts';
export { readRankEnd, type RankEnd } from './launchers/rank-end.ts';
export { planLaunch } from './plan-launch.ts';
export { launchContext } from './launch-context.ts';
export { realSystem } from './real-system.ts';
export { probeLauncher } from './launchers/probe-launcher.ts';
export { FLAVOURS } from './launchers/launch-line.ts';
export { readLabel } from './launchers/label.ts';
export { LAUNCH_FLAGS, type LaunchFlag, type LaunchFlagName } from './arguments/flags.ts';
export { parseLaunchArguments, type LaunchArguments } from './arguments/parse.ts';
export { prepareLaunch, type PreparedLaunch, type PrepareOptions } from './run/prepare-launch.ts';
export { runLaunch, type LaunchResult, type RunLaunchOptions } from './run/run-launch.ts';
export { runPlan, type RunEnd, type RunOutcome, type RunPlanOptions } from './run/run-plan.ts';
export { KNOWN_FILTERS, type OutputFilter } from './run/filters.ts';
export { BAD_NODE_RULES, type BadNodeRule } from './failover/scrape-rules.ts';
export { classify, type Attempt, type Verdict } from './failover/classify.ts';
export { logReader, type LogFacts, type LogReader } from './failover/log-facts.ts';
export { badNodes, type BadNode } from './failover/bad-nodes.ts';
export { runFailover, stopLine, type FailoverOptions, type FailoverResult } from './failover/run-failover.ts';
export { stage, type StageRequest, type StageResult } from './stage/stage.ts';
export { nodeCommand, openNode, type NodeAccess, type NodeHostOptions } from './stage/node-host.ts';
export { killLaunch, KILL_SIGNALS, type FoundProcess, type KillRequest, type KillResult, type KillSignal } from './kill/kill.ts';
export type { JobOptions } from './submit/job-options.ts';
export { planSubmit, type SubmitPlan, type SubmitRequest } from './submit/submit-plan.ts';
export { submit, type SubmittedJob } from './submit/submit.ts';
export { launchChecks, type LaunchCheck } from './checks/launch-checks.ts';
export { parseTestResult, testProblems, testTable, type TestResult } from './test-program/test-result.ts';
export { testCommand } from './test-command.ts';
export type { FoundScheduler } from './detect/scheduler.ts';
