import type { z } from 'zod';

/** What a service preset gives where the recipe is silent. */
export interface ServiceParts {
  image: string;
  /** A script for `sh`; settings reach it as variables, so that no value is ever part of a program. */
  command: string;
  port: number;
  env: Record<string, string>;
  ready: { http: string } | { tcp: true } | { log: string };
  /** Run in the container once it is ready. */
  prepare?: string;
}

/** What a client preset gives where the recipe is silent. */
export interface ClientParts {
  /** Null: the service's image. */
  image: string | null;
  command: string;
  env: Record<string, string>;
}

interface Preset<Parts> {
  readonly name: string;
  readonly description: string;
  /** Schema of `settings`. It must accept `{}` unless something is required. */
  readonly settings: z.ZodType;
  /** `settings` as the schema returned them. Pure. */
  render(settings: unknown): Parts;
}
/** A known kind of service. */
export type ServicePreset = Preset<ServiceParts>;
/** A known kind of client, for services of the preset `service`. */
export type ClientPreset = Preset<ClientParts> & { readonly service: string };

/** Makes a preset whose `render` knows the type of its settings. */
export function servicePreset<S extends z.ZodType>(
  preset: Omit<ServicePreset, 'settings' | 'render'> & { settings: S; render(settings: z.output<S>): ServiceParts },
): ServicePreset {
  return { ...preset, render: (settings) => preset.render(settings as z.output<S>) };
}

/** The same for a client. */
export function clientPreset<S extends z.ZodType>(
  preset: Omit<ClientPreset, 'settings' | 'render'> & { settings: S; render(settings: z.output<S>): ClientParts },
): ClientPreset {
  return { ...preset, render: (settings) => preset.render(settings as z.output<S>) };
}

/** Settings as variables: `num_requests` is `NUM_REQUESTS`. */
export function variables(settings: Readonly<Record<string, string | number | boolean | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key.toUpperCase(), String(value)]])),
  );
}
