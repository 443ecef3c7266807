import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Io } from '@bench/core';
import type { SecretRef } from '../contract/secret.ts';
import type { GcpSettings } from './settings.ts';

/** Where tokens come from; found without any connection. */
export type CredentialSource =
  | { kind: 'token'; ref: SecretRef }
  | { kind: 'file'; path: string; from: string }
  | { kind: 'metadata' }
  | { kind: 'gcloud'; program: string };

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The folder of gcloud's configuration. */
export function gcloudFolder(io: Io): string {
  return io.variable?.('CLOUDSDK_CONFIG') ?? join(homedir(), '.config', 'gcloud');
}

/**
 * In the documented order: the settings, `GOOGLE_APPLICATION_CREDENTIALS`, the file of `gcloud auth application-default login`, the metadata
 * server of a Google machine, `gcloud auth print-access-token`. Null: none. A file that is named but not there is taken all the same: that
 * it is missing is what must be said.
 */
export async function findCredentials(settings: GcpSettings, io: Io): Promise<CredentialSource | null> {
  if (settings.access_token) return { kind: 'token', ref: settings.access_token };
  if (settings.credentials_file) {
    const path = settings.credentials_file;
    return { kind: 'file', path: path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, from: 'providers.gcp.credentials_file' };
  }
  const named = io.variable?.('GOOGLE_APPLICATION_CREDENTIALS');
  if (named) return { kind: 'file', path: named, from: 'GOOGLE_APPLICATION_CREDENTIALS' };
  const own = join(gcloudFolder(io), 'application_default_credentials.json');
  if (await there(own)) return { kind: 'file', path: own, from: 'gcloud auth application-default login' };
  if (await onGoogleMachine()) return { kind: 'metadata' };
  const program = (await there(join(gcloudFolder(io), 'credentials.db'))) ? await findGcloud(io) : null;
  return program === null ? null : { kind: 'gcloud', program };
}

/** What the firmware says; asks no server. */
async function onGoogleMachine(): Promise<boolean> {
  const vendor = await readFile('/sys/class/dmi/id/sys_vendor', 'utf8').catch(() => '');
  return vendor.trim() === 'Google';
}

async function findGcloud(io: Io): Promise<string | null> {
  for (const folder of (io.variable?.('PATH') ?? '').split(delimiter)) {
    const program = join(folder || '.', 'gcloud');
    if (await there(program)) return program;
  }
  return null;
}

/**
 * The project: of the settings, `GOOGLE_CLOUD_PROJECT`, `CLOUDSDK_CORE_PROJECT`, the credentials file, gcloud's active configuration.
 * Undefined: nobody says.
 */
export async function findProject(settings: GcpSettings, source: CredentialSource | null, io: Io): Promise<string | undefined> {
  const said = settings.project ?? io.variable?.('GOOGLE_CLOUD_PROJECT') ?? io.variable?.('CLOUDSDK_CORE_PROJECT');
  if (said !== undefined) return said;
  return (source?.kind === 'file' ? await projectOfFile(source.path) : undefined) ?? (await projectOfGcloud(io));
}

async function projectOfFile(path: string): Promise<string | undefined> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as { project_id?: unknown; quota_project_id?: unknown };
    return [json.project_id, json.quota_project_id].find((id): id is string => typeof id === 'string' && id !== '');
  } catch {
    return undefined;
  }
}

async function projectOfGcloud(io: Io): Promise<string | undefined> {
  const folder = gcloudFolder(io);
  const active =
    io.variable?.('CLOUDSDK_ACTIVE_CONFIG_NAME') ??
    ((await readFile(join(folder, 'active_config'), 'utf8').catch(() => '')).trim() || 'default');
  const text = await readFile(join(folder, 'configurations', `config_${active}`), 'utf8').catch(() => '');
  let section = '';
  for (const line of text.split('\n')) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const project = /^\s*project\s*=\s*(\S+)\s*$/.exec(line)?.[1];
    if (section === 'core' && project !== undefined) return project;
  }
  return undefined;
}
