import { FAKE_TYPES, FAKE_ZONES, type FakeMachineType } from './catalogue.ts';

/** An insert that is well formed. */
export interface FakeInsert {
  body: Record<string, unknown>;
  zone: string;
  name: string;
  type: FakeMachineType;
  gpu: { type: string; count: number } | null;
  market: 'STANDARD' | 'SPOT' | 'FLEX_START';
  user: string;
  publicKeys: string[];
  image: string | null;
  maxRunS: number;
  validForS: number;
  onEnd: 'STOP' | 'DELETE';
}

/** Members of an instance that the API takes. */
const MEMBERS = new Set(
  (
    'name description machineType labels disks networkInterfaces metadata tags guestAccelerators serviceAccounts scheduling params reservationAffinity ' +
    'canIpForward deletionProtection shieldedInstanceConfig confidentialInstanceConfig minCpuPlatform displayDevice hostname zone keyRevocationActionType'
  ).split(' '),
);

type Json = Record<string, unknown>;
const json = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(json) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const seconds = (value: unknown): number => Number(json(value)['seconds'] ?? NaN);

/** Reads the body of an insert as strictly as the API does. @throws Error with Google's kind of message */
export function readInsert(body: unknown, zone: string): FakeInsert {
  const b = json(body);
  const invalid = (field: string, value: unknown, why: string): never => {
    throw new Error(`Invalid value for field 'resource.${field}': '${typeof value === 'string' ? value : JSON.stringify(value)}'. ${why}`);
  };
  for (const member of Object.keys(b))
    if (!MEMBERS.has(member)) throw new Error(`Invalid JSON payload received. Unknown name "${member}": Cannot find field.`);
  const name = text(b['name']);
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    invalid('name', name, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
  const typeUrl = text(b['machineType']);
  const typeName = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const type = FAKE_TYPES.find((t) => t.name === typeName && (FAKE_ZONES[zone]?.types ?? []).includes(typeName));
  if (type === undefined || !typeUrl.includes(`zones/${zone}/machineTypes/`))
    return invalid('machineType', typeUrl, `Machine type with name '${typeName}' does not exist in zone '${zone}'.`);
  for (const [key, value] of Object.entries(json(b['labels'])))
    if (!/^[a-z][-_a-z0-9]{0,62}$/.test(key) || !/^[-_a-z0-9]{0,63}$/.test(text(value)))
      invalid('labels', value, `Label ${key} is invalid.`);

  const disks = list(b['disks']);
  const bootDisk = disks.find((d) => d['boot'] === true);
  if (bootDisk === undefined) return invalid('disks', disks, 'At least one boot disk is required.');
  const init = json(bootDisk['initializeParams']);
  const diskType = text(init['diskType']);
  const image = text(init['sourceImage']);
  if (image !== '' && !/(^|\/)(projects\/[^/]+\/)?global\/images\/(family\/)?[^/]+$/.test(image))
    invalid('disks[0].initializeParams.sourceImage', image, 'The URL is malformed.');
  if (diskType !== '' && !new RegExp(`(^|/)zones/${zone}/diskTypes/[a-z-]+$`).test(diskType))
    invalid('disks[0].initializeParams.diskType', diskType, 'The URL is malformed.');
  const hyperdisk = diskType.endsWith('/hyperdisk-balanced');
  if (diskType !== '' && type.hyperdisk && !hyperdisk)
    throw new Error(
      `[${diskType.slice(diskType.lastIndexOf('/') + 1)}] features are not compatible for creating instance with machine type ${type.name}.`,
    );
  if (list(b['networkInterfaces']).length === 0) invalid('networkInterfaces', [], 'At least one network interface is required.');

  const attached = list(b['guestAccelerators'])[0];
  const acceleratorUrl = text(attached?.['acceleratorType']);
  const accelerator = acceleratorUrl.slice(acceleratorUrl.lastIndexOf('/') + 1);
  if (attached !== undefined && (!type.name.startsWith('n1-') || !(FAKE_ZONES[zone]?.accelerators ?? []).includes(accelerator)))
    invalid('guestAccelerators[0].acceleratorType', acceleratorUrl, 'The accelerator is not available for this machine type in this zone.');
  const gpu = attached === undefined ? type.accelerator : { type: accelerator, count: Number(attached['acceleratorCount']) };

  const scheduling = json(b['scheduling']);
  const market = (text(scheduling['provisioningModel']) || 'STANDARD') as FakeInsert['market'];
  const onEnd = text(scheduling['instanceTerminationAction']);
  const maxRun = scheduling['maxRunDuration'] === undefined ? Infinity : seconds(scheduling['maxRunDuration']);
  if (!['STANDARD', 'SPOT', 'FLEX_START'].includes(market))
    invalid('scheduling.provisioningModel', market, 'It is not a provisioning model.');
  if (gpu !== null && scheduling['onHostMaintenance'] !== 'TERMINATE')
    throw new Error(`Instances with guest accelerators do not support live migration.`);
  if (Number.isNaN(maxRun) || maxRun < 30) invalid('scheduling.maxRunDuration', scheduling['maxRunDuration'], 'It is out of range.');
  if (maxRun !== Infinity && !['STOP', 'DELETE'].includes(onEnd))
    invalid('scheduling.instanceTerminationAction', onEnd, 'It is required with a maximum run duration.');
  if (market !== 'STANDARD' && scheduling['automaticRestart'] === true)
    throw new Error('Scheduling must have automaticRestart be false when preemptible.');
  if (market === 'STANDARD' && !type.onDemand) throw new Error(`Machine type ${type.name} can only be used with SPOT or FLEX_START.`);
  const validForS = seconds(json(b['params'])['requestValidForDuration']);
  if (market === 'FLEX_START') {
    if (!type.flex) throw new Error(`Machine type ${type.name} does not support FLEX_START.`);
    if (maxRun > 7 * 86_400) invalid('scheduling.maxRunDuration', maxRun, 'Flex-start requires one of seven days at the most.');
    if (json(b['reservationAffinity'])['consumeReservationType'] !== 'NO_RESERVATION')
      throw new Error('Flex-start requires NO_RESERVATION.');
    if (!(validForS >= 0 && validForS <= 7200)) invalid('params.requestValidForDuration', validForS, 'It is out of range.');
  }

  const metadata = list(json(b['metadata'])['items']);
  const keys = text(metadata.find((item) => item['key'] === 'ssh-keys')?.['value'])
    .split('\n')
    .filter((line) => line !== '');
  return {
    body: b,
    zone,
    name,
    type,
    gpu,
    market,
    user: keys[0]?.slice(0, keys[0].indexOf(':')) ?? 'nobody',
    publicKeys: keys.map((line) => line.slice(line.indexOf(':') + 1)),
    image: image === '' ? null : image,
    maxRunS: maxRun,
    validForS,
    onEnd: onEnd === 'DELETE' ? 'DELETE' : 'STOP',
  };
}
