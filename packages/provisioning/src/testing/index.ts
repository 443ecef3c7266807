export { fakeClock, type FakeClock } from './fake/clock.ts';
export type { FakeAnswer, FakeRequest, LoggedRequest } from './fake/exchange.ts';
export type { Fault, FaultHow, FaultRule } from './fake/faults.ts';
export { inProcessMachines, type InProcessMachinesOptions } from './fake/in-process/in-process-machines.ts';
export { noMachines, type FakeMachine, type FakeMachines, type FakeMachineWanted } from './fake/machines.ts';
export { startFakeServer, type FakeServer, type FakeServerOptions } from './fake/server.ts';
export { misbehaviours, type FakeCloud, type FakeCloudKind, type FakeCloudOptions, type FakeTruth } from './fake/cloud.ts';
export { defaultAsks, fakeAsk, type FakeAsk } from './vast/asks.ts';
export { noContainers, processContainers, type FakeContainer, type FakeContainers, type FakeContainerWanted } from './vast/containers.ts';
export { fakeVastKind, startFakeVast, type FakeVast } from './vast/fake-vast.ts';
export type { FakeVastOptions, VastTricks } from './vast/world.ts';
export { startFakeCloudrift, type FakeCloudrift } from './cloudrift/fake-cloudrift.ts';
export type { CloudriftMisbehaviour, CloudriftTimeline, CloudriftTricks, FakeCloudriftOptions } from './cloudrift/options.ts';
export { startFakeGcp, fakeGcp, type FakeGcp } from './gcp/fake-gcp.ts';
export type { FakeGcpOptions, GcpMisbehaviour, GcpTimeline } from './gcp/options.ts';
export { fakeSlurm, type FakeSlurm } from './slurm/fake-slurm.ts';
export {
  SLURM_MISBEHAVIOURS,
  type FakeSlurmNode,
  type FakeSlurmOptions,
  type FakeSlurmPartition,
  type SlurmFault,
  type SlurmFaultHow,
  type SlurmMisbehaviour,
} from './slurm/options.ts';
export type { FakeSlurmJob } from './slurm/world.ts';
export {
  hurriedIo,
  providerConformance,
  type ConformanceCase,
  type ConformanceHooks,
  type ConformanceOptions,
  type ConformanceWorld,
  type Refusal,
} from './conformance/index.ts';
