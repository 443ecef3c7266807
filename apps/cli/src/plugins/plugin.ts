import type { Host, Io } from '@bench/core';
import type { SchedulerPlugin } from '@bench/launch';
import type { ProviderFactory } from '@bench/provisioning';
import type { Engine } from '@bench/recipe';

/** The only version of what a plugin exports. */
export const PLUGIN_VERSION = 1;

/** Opens a machine of a plugin's own kind: `target` is what stands after `<scheme>:` in `--on <scheme>:<target>`. */
export type HostFactory = (target: string, options: { io: Io }) => Promise<Host>;

/** A plugin that is in use, without what could not be taken from it. */
export interface LoadedPlugin {
  /** As the settings file has it. */
  spec: string;
  name: string;
  version: string | null;
  /** Its entry. */
  file: string;
  providers: readonly ProviderFactory[];
  engines: readonly Engine[];
  hosts: Readonly<Record<string, HostFactory>>;
  schedulers: readonly SchedulerPlugin[];
}

/** Why a plugin, or a part of one, is not in use. */
export interface PluginFault {
  spec: string;
  /** What is missing: all of it, or `provider "x"`. */
  what: string;
  message: string;
  hint: string;
}
