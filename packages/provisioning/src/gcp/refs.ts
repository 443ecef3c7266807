import type { MachineRef } from '../contract/machine.ts';
import { regionOf } from './machine-types.ts';

/** Where a machine is: its project too, so that settings which name another one later do not make it vanish. */
export interface Place {
  project: string;
  zone: string;
  name: string;
}

const ID = /^projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/]+)$/;

/** The ref of a machine; its id is the resource's path in the API. */
export function refOf(place: Place): MachineRef {
  return {
    provider: 'gcp',
    id: `projects/${place.project}/zones/${place.zone}/instances/${place.name}`,
    name: place.name,
    region: regionOf(place.zone),
    zone: place.zone,
  };
}

/** Null: no id of ours. */
export function placeOf(ref: Pick<MachineRef, 'id'>): Place | null {
  const [, project, zone, name] = ID.exec(ref.id) ?? [];
  return project === undefined || zone === undefined || name === undefined ? null : { project, zone, name };
}

/** The path of a machine in the API. */
export const pathOf = (place: Place): string =>
  `/projects/${encodeURIComponent(place.project)}/zones/${encodeURIComponent(place.zone)}/instances/${encodeURIComponent(place.name)}`;
export const projectPath = (project: string): string => `/projects/${encodeURIComponent(project)}`;
export const zonePath = (o: { project: string; zone: string }): string => `${projectPath(o.project)}/zones/${encodeURIComponent(o.zone)}`;
