import type { System } from '../types.ts';
import type { MachineProfile } from './profile.ts';

/** A machine that was recognised, and by what. */
export interface FoundMachine {
  profile: MachineProfile;
  /** A variable's name, or `hostname`. */
  sign: string;
}

/** The first profile that has a sign of this machine: variables of all profiles first, then names. Null for an unknown machine. */
export function findMachine(system: System, profiles: readonly MachineProfile[]): FoundMachine | null {
  for (const profile of profiles) {
    const sign = Object.entries(profile.signs.env).find(([name, pattern]) => whole(pattern, system.env[name] ?? ''))?.[0];
    if (sign !== undefined) return { profile, sign };
  }
  const names = [system.hostname, system.hostname.split('.')[0] ?? ''];
  const profile = profiles.find(({ signs }) => signs.hostname.some((pattern) => names.some((name) => whole(pattern, name))));
  return profile ? { profile, sign: 'hostname' } : null;
}

const whole = (pattern: string, text: string) => text !== '' && new RegExp(`^(?:${pattern})$`, 'i').test(text);
