import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '@bench/core';
import { type MachineProfile, realSystem, type SchedulerPlugin, type System } from '@bench/launch';
import { faultLines } from './fault-lines.ts';
import { loadSettings } from './settings/load-settings.ts';
import { styles } from './ui/style.ts';

/** What commands that have to do with schedulers know of this machine. */
export interface LaunchEnvironment {
  system: System;
  plugins: readonly SchedulerPlugin[];
  machines: readonly MachineProfile[];
  /** Id of a new launch. */
  id: string;
  /** Folder for its files; not there yet. */
  folder: string;
}

/** Reads the settings and looks at this machine. `quiet`: somebody else tells what is wrong with plugins. */
export async function launchEnvironment(io: Io, flags: { config?: string | undefined; quiet?: boolean }): Promise<LaunchEnvironment> {
  const settings = await loadSettings({ config: flags.config, signal: io.signal });
  for (const line of flags.quiet ? [] : faultLines(settings.faults))
    process.stderr.write(`${styles(process.stderr).yellow('not used:')} ${line}\n`);
  const id = `l${Array.from({ length: 9 }, () => LETTERS[Math.floor(io.random() * LETTERS.length)]).join('')}`;
  const { schedulers, machines } = settings.launch;
  return { system: realSystem(process.env), plugins: schedulers, machines, id, folder: join(tmpdir(), `bench-launch-${id}`) };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
