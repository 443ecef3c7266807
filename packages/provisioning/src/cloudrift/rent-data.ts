import type { z } from 'zod';
import { providerError } from '../contract/error.ts';
import type { MachineSpec } from '../contract/machine.ts';
import { PROVIDER } from './explain.ts';
import { offerDataSchema } from './offers.ts';

type OfferData = z.output<typeof offerDataSchema>;

/** Ports that the provider maps where a machine has no address of its own. Everything else goes through SSH. */
const PORTS = ['22'];

/** Of an offer that this adapter made. @throws BenchError of kind `request` for another */
export function offerDataOf(spec: MachineSpec): OfferData {
  const data = offerDataSchema.safeParse(spec.offer.data);
  if (data.success) return data.data;
  throw providerError({ kind: 'request', provider: PROVIDER, op: 'rent', message: `offer ${spec.offer.id} is not one of CloudRift's` });
}

/** The same for a plan: words stand for the data of an offer that nobody made. */
export function plannedDataOf(spec: MachineSpec, o: { version: string }): OfferData {
  if (spec.offer.data !== null) return offerDataOf(spec);
  return {
    api_version: o.version,
    instance_type: 'INSTANCE-TYPE',
    datacenter: 'DATACENTER',
    image: 'IMAGE-URL',
    cloudinit: 'CLOUDINIT-URL',
  };
}

/** `data` of `instances/rent`. Pure. */
export function rentData(spec: MachineSpec, o: { offer: OfferData; teamId: string | undefined }): Record<string, unknown> {
  const { instance_type, datacenter, image, cloudinit } = o.offer;
  return {
    selector: { ByInstanceTypeAndLocation: { instance_type, datacenters: [datacenter] } },
    with_public_ip: true,
    name: spec.name,
    ...(o.teamId === undefined ? {} : { team_id: o.teamId }),
    config: {
      VirtualMachine: {
        image_url: spec.image ?? image,
        cloudinit_url: cloudinit,
        ssh_key: { PublicKeys: [...spec.sshPublicKeys] },
        ports: PORTS,
      },
    },
  };
}
