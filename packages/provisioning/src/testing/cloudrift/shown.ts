import { DATACENTERS, type FakeInstanceType, GIB } from './catalogue.ts';
import { type FakeInstance, USER } from './instances.ts';
import type { World } from './world.ts';

/** A type as `instance-types/list` tells it. */
export function shownType(world: World, type: FakeInstanceType): Record<string, unknown> {
  return {
    name: type.name,
    brand_short: type.brand_short,
    manufacturer: type.manufacturer,
    cost_per_hour: type.cents,
    nvidia_kernel_module_support: type.kernelModules ?? (type.manufacturer === 'AMD' ? null : 'OpenAndProprietary'),
    datacenters: Object.keys(type.nodes).map((name) => ({ name, provider_name: 'fake' })),
    variants: type.counts.map((count) => shownVariant(world, type, count)),
    ...(world.odd.is('extra-fields') ? { carbon_per_hour: 12, promotions: [] } : {}),
  };
}

function shownVariant(world: World, type: FakeInstanceType, count: number): Record<string, unknown> {
  const free = Object.fromEntries(Object.keys(type.nodes).map((dc) => [dc, world.free(type, dc)]));
  return {
    name: `${type.name}.${count}`,
    cpu_count: 8 * count,
    logical_cpu_count: 16 * count,
    dram: 64 * count * GIB,
    disk: 500 * count * GIB,
    vram: type.vram,
    gpu_count: count,
    mig_profile: type.mig_profile ?? null,
    cost_per_hour: type.cents * count,
    nodes: Object.values(type.nodes).reduce((sum, n) => sum + n, 0),
    nodes_per_dc: type.nodes,
    available_nodes: Object.values(free).reduce((sum, n) => sum + n, 0),
    available_nodes_per_dc: free,
    ip_availability_per_dc: Object.fromEntries(Object.keys(free).map((dc) => [dc, { public_ips: DATACENTERS[dc] ?? true }])),
    volume_types_per_dc: {},
  };
}

/** The flags of `mask`; what is not asked for is null. */
export interface Mask {
  connection: boolean;
  usage: boolean;
}

/** An instance as `instances/list` tells it. */
export function shownInstance(world: World, instance: FakeInstance, mask: Mask): Record<string, unknown> {
  const status = world.statusOf(instance);
  const ready = world.isReady(instance);
  const { machine } = instance;
  const connected = mask.connection && machine !== null && status === 'Active' && !(world.odd.is('late-ports') && world.late(instance));
  return {
    id: instance.id,
    status,
    failure:
      status === 'Failed'
        ? {
            id: `f-${instance.id}`,
            cause: 'VmBootFailed',
            user_message: instance.broken ?? 'The virtual machine did not boot',
            occurred_at: world.clock.iso(),
          }
        : null,
    node_status: 'Ready',
    node_mode: 'VirtualMachine',
    host_address: connected ? machine.host : null,
    internal_host_address: connected ? '10.0.0.5' : null,
    port_mappings: connected ? (machine.port === 22 ? [] : [[22, machine.port]]) : null,
    virtual_machines: [
      {
        vmid: 1,
        name: instance.name ?? 'vm',
        ready,
        state: instance.power === 'on' ? 'Running' : 'Stopped',
        login_info: mask.connection ? { UsernameAndPassword: { username: machine?.user ?? USER, password: `pw-${instance.id}` } } : null,
      },
    ],
    instructions: { placeholder_values: connected ? { SSH_PORT: machine.port === 22 ? '' : `-p ${machine.port}` } : {} },
    resource_info: { provider_name: 'fake', instance_type: instance.variant, ...(mask.usage ? { cost_per_hour: instance.cents } : {}) },
    instance_name: instance.name,
    created_at: new Date(instance.rentedAt).toISOString(),
    ...(world.odd.is('extra-fields') ? { gpus: null, tags: [], cluster_name: null } : {}),
  };
}
