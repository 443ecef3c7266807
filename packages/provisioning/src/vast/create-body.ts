import { BenchError, EXIT } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { MachineSpec } from '../contract/machine.ts';
import { PROVIDER } from './explain.ts';
import { diskOf, offerDataSchema } from './offers.ts';

/** A virtual machine of the seller's own: Ubuntu with CUDA and Docker. */
export const VM_IMAGE = 'docker.io/vastai/kvm:ubuntu_terminal';

/** The login of a machine starts tmux unless it is told not to; sshd refuses keys in a file that is not root's. */
const VM_ONSTART = 'touch /root/.no_auto_tmux; chown root:root /root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys';

export interface CreateRequest {
  /** Id of the ask: part of the path. */
  ask: number;
  body: Record<string, unknown>;
}

/** What `PUT /api/v0/asks/{id}/` is asked for. Deterministic. @throws BenchError for what cannot be rented. */
export function createRequest(spec: MachineSpec): CreateRequest {
  const data = offerDataSchema.safeParse(spec.offer.data);
  if (!data.success) {
    throw new BenchError({
      code: 'BENCH_OFFER_INVALID',
      message: `vast: offer ${spec.offer.id} was not made by this provider`,
      exitCode: EXIT.usage,
    });
  }
  return { ask: data.data.ask, body: bodyOf(spec, bidOf(spec, data.data)) };
}

/** The same for a plan: words stand for the data of an offer that nobody made. @throws BenchError for what cannot be rented. */
export function plannedRequest(spec: MachineSpec): { ask: number | 'ASK'; body: Record<string, unknown> } {
  if (spec.offer.data !== null) return createRequest(spec);
  if (spec.offer.gpu?.vendor === 'amd')
    throw refused('unsupported', `no ${spec.offer.gpu.name} is sold there`, 'vast.ai has GPUs of NVIDIA');
  return { ask: 'ASK', body: bodyOf(spec, spec.market === 'spot' ? (spec.bidUsdPerHour ?? 'BID') : null) };
}

function bodyOf(spec: MachineSpec, price: number | 'BID' | null): Record<string, unknown> {
  return {
    client_id: 'me',
    label: spec.name,
    disk: diskOf(spec.diskGb),
    ...workload(spec),
    ...(price === null ? {} : { price }),
    target_state: 'running',
    // Rather nothing than something that is stopped and bills its disk.
    cancel_unavail: true,
  };
}

function bidOf(spec: MachineSpec, data: { minBid: number | null; bid: number | null }): number | null {
  if (spec.market !== 'spot') return null;
  const bid = spec.bidUsdPerHour ?? data.bid;
  if (bid === null) throw refused('capacity', `no bid for offer ${spec.offer.id} is known`, 'give one with --bid');
  if (data.minBid !== null && bid < data.minBid) {
    throw refused('capacity', `the lowest bid for offer ${spec.offer.id} is ${data.minBid} USD/h, more than ${bid}`, 'raise --bid');
  }
  return bid;
}

function workload({ workload: w, image }: MachineSpec): Record<string, unknown> {
  switch (w.kind) {
    case 'vm':
      return { image: image ?? VM_IMAGE, vm: true, runtype: 'ssh_direct', env: {}, onstart: VM_ONSTART };
    case 'container': {
      // In this mode the command at start replaces the image's entrypoint, and has room for one word.
      const [program, ...words] = w.entrypoint ?? [];
      return {
        image: w.image,
        runtype: 'args',
        env: { ...w.env, ...Object.fromEntries(w.ports.map((port) => [`-p ${port}:${port}`, '1'])) },
        ...(program === undefined ? {} : { onstart: program }),
        args: [...words, ...w.args],
      };
    }
    case 'batch':
      throw refused('unsupported', 'batch jobs cannot be rented', 'use Slurm for them');
  }
}

function refused(kind: 'capacity' | 'unsupported', message: string, hint: string): BenchError {
  return providerError({ kind, provider: PROVIDER, op: 'create', message, hint });
}
