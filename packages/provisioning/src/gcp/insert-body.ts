import { z } from 'zod';
import { providerError } from '../contract/error.ts';
import type { MachineSpec } from '../contract/machine.ts';
import { LABELS } from '../contract/name.ts';
import { regionOf } from './machine-types.ts';
import type { GcpSettings } from './settings.ts';

/** What an offer carries for `create`. */
export const offerData = z.object({
  machineType: z.string(),
  diskType: z.string(),
  /** GPUs that are not part of the machine type; null: none. */
  attach: z.object({ accelerator: z.string(), count: z.int() }).nullable(),
});
export type GcpOfferData = z.infer<typeof offerData>;

/** Flex-start machines run for seven days at the most. */
const FLEX_MOST_S = 7 * 24 * 3600;
/** Image of machines without a GPU. */
const PLAIN_IMAGE = 'projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64';

const MODEL = { 'on-demand': 'STANDARD', spot: 'SPOT', flex: 'FLEX_START' } as const;

/** The body of `instances.insert` as a plan shows it: words stand for the data of an offer that nobody made. @throws as {@link insertBody} */
export function plannedBody(spec: MachineSpec, settings: GcpSettings, project: string): Record<string, unknown> {
  if (spec.offer.data !== null) return insertBody(spec, settings, project);
  const data: GcpOfferData = { machineType: 'MACHINE-TYPE', diskType: 'DISK-TYPE', attach: null };
  return insertBody({ ...spec, offer: { ...spec.offer, data } }, settings, project);
}

/** The body of `instances.insert`. Pure, and equal for equal specs. @throws BenchError of kind `request` or `unsupported` */
export function insertBody(spec: MachineSpec, settings: GcpSettings, project: string): Record<string, unknown> {
  const refuse = (kind: 'request' | 'unsupported', message: string, hint?: string): never => {
    throw providerError({ kind, provider: 'gcp', op: 'create', message, hint });
  };
  const { offer, market } = spec;
  if (spec.workload.kind !== 'vm') return refuse('unsupported', `machines of Compute Engine run no ${spec.workload.kind} of their own`);
  const model = market === 'reserved' ? refuse('unsupported', 'reservations are not used') : MODEL[market];
  const data = offerData.safeParse(offer.data);
  if (offer.zone === null || !data.success) return refuse('request', `offer ${offer.id} is not one of Compute Engine's`);
  if (market === 'flex' && spec.maxLifetimeS > FLEX_MOST_S)
    return refuse('request', 'a flex-start machine lives for seven days at the most', 'ask for a shorter --lifetime');
  const zone = offer.zone;
  const { machineType, diskType, attach } = data.data;
  const { subnetwork } = settings;
  return {
    name: spec.name,
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    labels: {
      [LABELS.managed]: 'true',
      [LABELS.owner]: spec.owner,
      [LABELS.run]: spec.run,
      [LABELS.expires]: String(Math.floor(Date.parse(spec.expiresAt) / 1000)),
    },
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          sourceImage: imageOf(spec, settings),
          diskSizeGb: String(Math.ceil(spec.diskGb)),
          diskType: `zones/${zone}/diskTypes/${settings.disk_type ?? diskType}`,
        },
      },
    ],
    networkInterfaces: [
      {
        network: `global/networks/${settings.network}`,
        ...(subnetwork === undefined ? {} : { subnetwork: `regions/${regionOf(zone)}/subnetworks/${subnetwork}` }),
        accessConfigs: [{ name: 'external-nat', type: 'ONE_TO_ONE_NAT' }],
      },
    ],
    metadata: {
      items: [
        { key: 'ssh-keys', value: spec.sshPublicKeys.map((key) => sshKey(key, settings.ssh_user)).join('\n') },
        { key: 'enable-oslogin', value: 'FALSE' },
      ],
    },
    tags: { items: [TAG] },
    ...(attach === null
      ? {}
      : {
          guestAccelerators: [
            {
              acceleratorType: `projects/${project}/zones/${zone}/acceleratorTypes/${attach.accelerator}`,
              acceleratorCount: attach.count,
            },
          ],
        }),
    scheduling: {
      provisioningModel: model,
      instanceTerminationAction: 'DELETE',
      maxRunDuration: { seconds: String(Math.ceil(spec.maxLifetimeS)) },
      onHostMaintenance: 'TERMINATE',
      automaticRestart: false,
      ...(market === 'spot' ? { preemptible: true } : {}),
    },
    ...(market === 'flex'
      ? {
          params: { requestValidForDuration: { seconds: String(settings.flex_wait) } },
          reservationAffinity: { consumeReservationType: 'NO_RESERVATION' },
        }
      : {}),
  };
}

/** Network tag of the machines, for firewall rules. */
export const TAG = 'bench';

/** `USER:TYPE KEY USER`, as the guest agent reads it; the key's own comment is left out. */
function sshKey(key: string, user: string): string {
  const [type = '', base64 = ''] = key.trim().split(/\s+/);
  return `${user}:${type} ${base64} ${user}`;
}

/** A URL or path of an image as it is; `PROJECT/FAMILY`; a family of the settings' project. */
function imageOf(spec: MachineSpec, settings: GcpSettings): string {
  const family = (project: string, name: string): string => `projects/${project}/global/images/family/${name}`;
  const { image } = spec;
  if (image === null) return spec.offer.gpu === null ? PLAIN_IMAGE : family(settings.image_project, settings.image_family);
  if (/^(https?:\/\/|projects\/|global\/)/.test(image)) return image;
  const [first = '', second] = image.split('/');
  return second === undefined ? family(settings.image_project, first) : family(first, second);
}
