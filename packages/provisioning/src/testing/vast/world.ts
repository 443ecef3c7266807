import { prng } from '@bench/core';
import { fakeClock } from '../fake/clock.ts';
import { type FakeCloudOptions, type FakeTruth, misbehaviours } from '../fake/cloud.ts';
import { noMachines } from '../fake/machines.ts';
import { parseMachineName } from '../../contract/name.ts';
import { defaultAsks, type FakeAsk } from './asks.ts';
import { type FakeContainers, noContainers } from './containers.ts';
import { type FakeContract, type FakeInstance, type InstanceOptions, shownInstance, type Timeline } from './instances.ts';
import { intervals } from './intervals.ts';
import { MISBEHAVIOURS, type Misbehaviour } from './misbehaviours.ts';

/** Misbehaviour that is this provider's own; each counts down from how often it strikes. */
export interface VastTricks {
  /** The next creates find that the offer was taken a moment ago: 410. It is listed no more. */
  taken: number;
  /** The next creates fail, with status 400, and leave a stopped instance that bills its disk. */
  failedBid: number;
  /** The same with status 200. */
  failedBidOk: number;
  /** The next instances cannot be started: their message says so. */
  oci: number;
}

export interface FakeVastOptions extends FakeCloudOptions {
  /** Default: {@link defaultAsks}. */
  asks?: readonly FakeAsk[];
  /** What stands behind its containers; ended by its `close`. Default: nothing, see `noContainers`. */
  containers?: FakeContainers;
  /** Every offer can be rented as often as one likes. Default: once. */
  plenty?: boolean;
  timeline?: Partial<Timeline>;
  /** USD. Default 50. */
  credit?: number;
  tricks?: Partial<VastTricks>;
}

const FIRST_ID = 20_000_001;

/** All that the fake remembers. */
export type World = ReturnType<typeof makeWorld>;

/** An empty account on a market. */
export function makeWorld(options: FakeVastOptions) {
  const clock = options.clock ?? fakeClock();
  const { is, set } = misbehaviours<Misbehaviour>(MISBEHAVIOURS, options.misbehave);
  const draw = prng(options.seed ?? 1).next;
  const timeline = { createdMs: 20, runningMs: 60, portsMs: 60, ...options.timeline };
  const behind: InstanceOptions = {
    clock,
    machines: options.machines ?? noMachines(),
    containers: options.containers ?? noContainers(),
    timeline: () => ({
      createdMs: timeline.createdMs * (is('null-status') ? 3 : 1),
      runningMs: timeline.runningMs * (is('null-status') ? 3 : 1),
      portsMs: timeline.portsMs * (is('late-ports') ? 5 : 1),
    }),
  };
  const instances = new Map<string, FakeInstance>();
  const asks = new Map((options.asks ?? defaultAsks()).map((ask) => [ask.id, ask]));
  const made: { id: string; label: string }[] = [];
  const destroyed: { id: string; label: string }[] = [];
  const sshKeys: string[] = [];
  const terminates: FakeTruth['terminates'] = [];
  const count = { made: 0, leftByError: 0 };
  const ended = { usd: 0 };
  let last = FIRST_ID - 1;
  const limits = intervals(() => clock.now());
  const add = (ask: FakeAsk, contract: FakeContract, over: Partial<FakeInstance> = {}): FakeInstance => {
    const id = ++last;
    const disk = (ask.storage_cost * contract.disk) / 720;
    const instance: FakeInstance = {
      id,
      ask,
      contract,
      apiKey: `instance-key-${id}-0123456789abcdef`,
      startedAt: clock.now(),
      price: (contract.price ?? ask.dph_base) + disk,
      intended: 'running',
      paused: false,
      stillborn: false,
      fatal: null,
      machine: null,
      container: null,
      off: false,
      work: Promise.resolve(),
      ...over,
    };
    instances.set(String(id), instance);
    made.push({ id: String(id), label: contract.label });
    return instance;
  };
  return {
    behind,
    instances,
    asks,
    made,
    destroyed,
    sshKeys,
    add,
    baseUrl: '',
    /** Asks that nobody has. */
    free: () => [...asks.values()].filter(({ id }) => options.plenty === true || ![...instances.values()].some(({ ask }) => ask.id === id)),
    refuse: (kind: string) => (is('intervals') ? limits.refuse(kind) : null),
    terminates,
    count,
    misbehave: set,
    is,
    /** Whether something that is switched on befalls this call. */
    befalls: (name: Misbehaviour, share: number) => is(name) && draw() < share,
    logs: new Map<string, { text: string; looks: number }>(),
    /** It is gone, and bills nothing any more. */
    forget: (instance: FakeInstance) => {
      instances.delete(String(instance.id));
      ended.usd += billed(instance, clock.now());
    },
    live: (): FakeTruth['live'] =>
      [...instances.values()].map(({ id, contract, startedAt }) => ({
        id: String(id),
        name: contract.label,
        owner: parseMachineName(contract.label)?.owner6 ?? null,
        since: new Date(startedAt).toISOString(),
      })),
    billedUsd: () => [...instances.values()].reduce((sum, instance) => sum + billed(instance, clock.now()), ended.usd),
    credit: options.credit ?? 50,
    setCredit(usd: number) {
      this.credit = usd;
    },
    tricks: tricksOf(options.tricks),
    list: () =>
      [...instances.values()].map((instance) => ({
        id: String(instance.id),
        label: instance.contract.label,
        status: shownInstance(instance, behind)['actual_status'] as string | null,
      })),
    outbid: (label: string) => {
      const found = [...instances.values()].find(({ contract }) => contract.label === label);
      if (found === undefined) throw new Error(`no instance is called ${label}`);
      found.paused = true;
      found.intended = 'stopped';
      void found.work.then(() => Promise.all([found.machine?.off?.(), found.container?.end()]));
    },
    foreign: (label: string) => {
      const ask = { ...(options.asks ?? defaultAsks())[0], id: -1 } as FakeAsk;
      const contract = {
        label,
        image: 'pytorch/pytorch',
        disk: 20,
        runtype: 'ssh',
        env: {},
        args: [],
        onstart: null,
        vm: false,
        price: null,
      };
      return String(add(ask, contract).id);
    },
  };
}

/** A stopped one pays for its disk. */
function billed(instance: FakeInstance, now: number): number {
  const disk = (instance.ask.storage_cost * instance.contract.disk) / 720;
  return ((now - instance.startedAt) / 3_600_000) * (instance.stillborn ? disk : instance.price);
}

const tricksOf = (given: Partial<VastTricks> | undefined): VastTricks => ({ taken: 0, failedBid: 0, failedBidOk: 0, oci: 0, ...given });
