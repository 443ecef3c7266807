import assert from 'node:assert/strict';
import type { Machine, MachineRef, MachineSpec } from '../../contract/machine.ts';
import { type CaseDraft, hooks } from './case.ts';
import { answered, collect, observed, passing, until } from './ask.ts';
import { assertNothingLeft, end } from './end.ts';
import { type Stage, workloadOf } from './stage.ts';

const STATES = ['pending', 'provisioning', 'running', 'stopping', 'stopped', 'terminated', 'failed', 'unknown'];
/** More than a call or two may take; less than any machine needs. */
const AT_ONCE_MS = 15_000;

/** Is the machine what was asked for? */
export function assertMachine(machine: Machine, spec: MachineSpec, stage: Stage): void {
  const { ref } = machine;
  assert.deepEqual([ref.provider, ref.name], [stage.options.factory.name, spec.name], 'ref.provider and ref.name');
  assert.ok(typeof ref.id === 'string' && ref.id !== '', 'ref.id is empty');
  assert.deepEqual(JSON.parse(JSON.stringify(machine)), machine, 'a machine is not JSON: it does not survive being written to the ledger');
  assert.ok(STATES.includes(machine.state), `state ${machine.state}`);
  assert.ok(
    machine.owner === stage.owner || (!stage.capabilities.labels && machine.owner === stage.owner.slice(0, 6)),
    `owner is ${machine.owner ?? 'null'}`,
  );
  assert.equal(machine.run, stage.run, 'run');
  assert.equal(machine.workload, spec.workload.kind, 'workload');
  assert.equal(machine.market, spec.market, 'market');
  assert.ok(machine.priceUsdPerHour === null || machine.priceUsdPerHour > 0, 'priceUsdPerHour is 0: null says that it is not known');
  if (machine.expiresAt !== null && stage.capabilities.labels) {
    assert.ok(
      Math.abs(Date.parse(machine.expiresAt) - Date.parse(spec.expiresAt)) < 1000,
      `expiresAt is ${machine.expiresAt}, asked for was ${spec.expiresAt}`,
    );
  }
  if (machine.connection !== null) {
    const { host, port, user } = machine.connection;
    assert.ok(host !== '' && user !== '' && Number.isInteger(port) && port > 0 && port < 65_536, `connection ${user}@${host}:${port}`);
  }
  assert.equal(machine.state === 'failed', machine.failure !== null, 'failure is set in state "failed", and only then');
}

/** As the core waits: until it runs and says how it is reached. */
export async function running(stage: Stage, spec: MachineSpec, ref: MachineRef): Promise<Machine> {
  return until(
    stage,
    `${spec.name} runs and says how it is reached`,
    stage.deadlines.pendingMs + stage.deadlines.provisioningMs,
    async () => {
      const machine = (await passing(() => stage.provider.observe([ref])))?.get(ref.id);
      if (machine === undefined || machine === null) return undefined;
      assert.deepEqual([machine.ref.id, machine.ref.name], [ref.id, ref.name], 'observe() shows another machine than it was asked for');
      assert.notEqual(machine.state, 'failed', `it failed: ${machine.failure?.message ?? ''}`);
      if (machine.state !== 'running') return undefined;
      return reachable(machine, spec) ? machine : undefined;
    },
  );
}

function reachable(machine: Machine, spec: MachineSpec): boolean {
  if (spec.workload.kind === 'container') return spec.workload.ports.every((port) => machine.published.some((one) => one.port === port));
  return spec.sshPublicKeys.length === 0 || machine.connection !== null;
}

async function life(stage: Stage, spec: MachineSpec): Promise<void> {
  const { provider, witness } = stage;
  const slept = witness.ownSleepMs;
  const created = await stage.create(spec);
  assert.ok(
    witness.ownSleepMs - slept <= AT_ONCE_MS,
    `create() does not return at once: it waited ${(witness.ownSleepMs - slept) / 1000} s`,
  );
  assertMachine(created, spec, stage);
  assert.ok(!['terminated', 'stopped', 'failed'].includes(created.state), `create() returns a machine that is ${created.state}`);
  const { ref } = created;

  const up = await running(stage, spec, ref);
  assertMachine(up, spec, stage);
  assert.equal(up.preempted, false, 'preempted');
  await stage.io.sleep(stage.deadlines.pollMs * 6);
  const later = await observed(stage, ref);
  assert.deepEqual([later?.connection, later?.published], [up.connection, up.published], 'how a running machine is reached was not final');

  // It may be busy with something else for a moment.
  const said = await until(stage, 'terminate() of a running machine is accepted', stage.deadlines.terminateMs, async () => {
    const one = await passing(() => provider.terminate(ref));
    return one === 'still-there' ? undefined : one;
  });
  assert.ok(['accepted', 'gone'].includes(said), `terminate() of a running machine says ${said}`);
  await end(stage, ref);
  assert.equal(await provider.terminate(ref), 'gone', 'terminate() of a machine that is gone');
  const after = await observed(stage, ref);
  assert.ok(after === null || after?.state === 'terminated', `observe() of a machine that is gone: ${after?.state ?? 'nothing'}`);
  const found = await answered(stage, 'find()', () => provider.find(spec.name));
  assert.ok(found === null || found.state === 'terminated', `find() of a machine that is gone: ${found?.state ?? ''}`);
  await assertNothingLeft(stage);
}

export const LIFE_CASES: Record<string, CaseDraft> = {
  'life: created at once, runs, says how it is reached, ends, is gone': {
    rents: true,
    body: async (stage) => {
      for (const [n, kind] of stage.capabilities.workloads.entries()) {
        await life(stage, await stage.spec(n, { workload: workloadOf(kind, stage.options, stage.canary) }));
      }
    },
  },

  'life: in every market': {
    rents: true,
    lacks: ({ factory, query }) =>
      factory.capabilities.markets.length < 2 ? 'there is one market' : query?.markets === undefined ? null : 'query.markets says which',
    body: async (stage) => {
      for (const [n, market] of stage.capabilities.markets.entries()) {
        const [offer] = (await stage.offers({ markets: [market] })).filter(
          ({ availability }) => availability !== 'none' && availability !== 'no-quota',
        );
        if (offer === undefined) continue;
        const spec = await stage.spec(n, {
          offer,
          bidUsdPerHour: market === 'spot' && offer.priceUsdPerHour !== null ? offer.priceUsdPerHour * 2 : null,
        });
        await life(stage, spec);
      }
    },
  },

  'terminate: twice, and twice at once': {
    rents: true,
    body: async (stage) => {
      const { ref } = await stage.create(await stage.spec(0));
      const said = await Promise.all([passing(() => stage.provider.terminate(ref)), passing(() => stage.provider.terminate(ref))]);
      for (const one of said) assert.ok([undefined, 'gone', 'accepted', 'still-there'].includes(one), `terminate() says ${String(one)}`);
      await end(stage, ref);
      assert.equal(await stage.provider.terminate(ref), 'gone', 'terminate() of what is gone');
      await assertNothingLeft(stage);
    },
  },

  'terminate, observe: of something that never was': {
    rents: false,
    lacks: ({ unknownId }) => (unknownId === undefined ? 'needs the option unknownId' : null),
    body: async (stage) => {
      const { offer, name } = await stage.spec(0);
      const ref: MachineRef = {
        provider: stage.options.factory.name,
        id: stage.options.unknownId ?? '',
        name,
        region: offer.region,
        zone: offer.zone,
      };
      assert.equal(await stage.provider.terminate(ref), 'gone', 'terminate() of something that never was');
      assert.equal((await stage.provider.observe([ref])).get(ref.id), null, 'observe() of something that never was');
      assert.equal(await stage.provider.find(name), null, 'find() of something that never was');
    },
  },

  'observe: many at once, those that are gone too': {
    rents: true,
    body: async (stage) => {
      const machines = await Promise.all([0, 1, 2].map(async (n) => stage.create(await stage.spec(n))));
      const refs = machines.map(({ ref }) => ref);
      assert.equal(new Set(refs.map(({ id }) => id)).size, 3, 'two machines have one id');
      const [gone, ...left] = refs as [MachineRef, MachineRef, MachineRef];
      await until(stage, 'all are visible', stage.capabilities.visibleWithinMs + stage.deadlines.pollMs, async () => {
        const seen = (await passing(() => stage.provider.observe(refs))) ?? new Map<string, Machine | null>();
        for (const id of seen.keys())
          assert.ok(
            refs.some((ref) => ref.id === id),
            `observe() shows ${id}, which it was not asked for`,
          );
        return refs.every(({ id }) => (seen.get(id) ?? null) !== null) ? true : undefined;
      });
      await end(stage, gone);
      const seen = await seenAll(stage, refs);
      const first = seen.get(gone.id);
      assert.ok(first === null || first?.state === 'terminated', 'observe() of many: the one that is gone');
      for (const { id, name } of left) assert.equal(seen.get(id)?.ref.name, name, 'observe() of many: one that is there');
      assert.equal((await stage.provider.observe([])).size, 0, 'observe() of nothing shows something');
    },
  },

  'create: with the same key twice makes one machine': {
    rents: true,
    lacks: ({ factory }) => (factory.capabilities.idempotentCreate ? null : 'capabilities.idempotentCreate is false'),
    body: async (stage) => {
      const spec = await stage.spec(0);
      const [first, second] = [await stage.create(spec), await stage.create(spec)];
      assert.equal(second.ref.id, first.ref.id, 'a second create with the same key made another machine');
      await end(stage, first.ref);
      await assertNothingLeft(stage);
    },
  },

  'stop, start: a stopped machine is there, and runs again': {
    rents: true,
    lacks: ({ factory }) => (factory.capabilities.stopStart ? null : 'capabilities.stopStart is false'),
    body: async (stage) => {
      const { provider, deadlines } = stage;
      const spec = await stage.spec(0);
      const { ref } = await stage.create(spec);
      await running(stage, spec, ref);
      await provider.stop?.(ref);
      const stopped = await until(stage, 'it is stopped', deadlines.provisioningMs, async () => {
        const machine = (await passing(() => provider.observe([ref])))?.get(ref.id);
        assert.notEqual(machine, null, 'a machine that was stopped is not gone: its disk may cost money');
        return machine?.state === 'stopped' ? machine : undefined;
      });
      assert.equal(stopped.preempted, false, 'a machine that we stopped was not preempted');
      const listed = await answered(stage, 'owned()', () => collect(provider.owned({ owner: stage.owner })));
      assert.ok(
        listed.some((one) => one.ref.id === ref.id),
        'owned() does not list a stopped machine, which may cost money',
      );
      await provider.start?.(ref);
      await running(stage, spec, ref);
      await end(stage, ref);
    },
  },

  'logs: of a running machine': {
    rents: true,
    lacks: ({ factory }) => (factory.capabilities.logs ? null : 'capabilities.logs is false'),
    body: async (stage) => {
      const spec = await stage.spec(0);
      const { ref } = await stage.create(spec);
      await running(stage, spec, ref);
      for (const line of await collect(stage.provider.logs?.(ref) ?? none()))
        assert.equal(typeof line, 'string', 'logs() gives something else than text');
    },
  },

  'preempted: a machine that the provider took away says so': {
    rents: true,
    lacks: hooks('preempt'),
    body: async (stage) => {
      const [offer] = await stage.offers({ markets: stage.capabilities.markets.includes('spot') ? ['spot'] : stage.query().markets });
      const spec = await stage.spec(0, offer === undefined ? {} : { offer, bidUsdPerHour: offer.priceUsdPerHour });
      const { ref } = await stage.create(spec);
      await running(stage, spec, ref);
      await stage.hooks.preempt?.(stage.world, ref);
      await until(stage, 'observe() says that it was taken away', stage.deadlines.provisioningMs, async () => {
        const machine = (await passing(() => stage.provider.observe([ref])))?.get(ref.id);
        return machine === null || machine?.preempted === true ? true : undefined;
      });
      await end(stage, ref);
      await assertNothingLeft(stage);
    },
  },
};

/** All that was asked for, with nothing that is "not known". */
export async function seenAll(stage: Stage, refs: readonly MachineRef[]): Promise<Map<string, Machine | null>> {
  return until(stage, 'observe() tells what is with all', stage.deadlines.terminateMs, async () => {
    const seen = await passing(() => stage.provider.observe(refs));
    return seen !== undefined && refs.every(({ id }) => seen.has(id)) ? seen : undefined;
  });
}

async function* none(): AsyncGenerator<string> {}
