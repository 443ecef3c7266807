import { CLIENT_PRESETS, SERVICE_PRESETS } from './presets/index.ts';
import type { Recipe } from './schema/recipe.ts';
import type { ClientSection, ServiceSection } from './schema/service.ts';

const READY_DEFAULTS = { timeout: 300, interval: 1 };

/** Fills in what presets give, and what follows from the rest. What the recipe says wins, variable by variable in `env`. */
export function fillService(recipe: Recipe): Recipe {
  if (!recipe.service) return recipe;
  const service = fillOne(recipe.service, recipe.deploy);
  const clients = Object.entries(recipe.clients ?? {}).map(([name, client]) => [name, fillClient(client, service)]);
  return { ...recipe, service, clients: Object.fromEntries(clients) as Record<string, ClientSection> };
}

function fillOne(written: ServiceSection, deploy: Recipe['deploy']): ServiceSection {
  const preset = SERVICE_PRESETS.find((p) => p.name === written.preset);
  const settings = preset?.settings.parse(written.settings) as ServiceSection['settings'] | undefined;
  const parts = preset?.render(settings);
  const ready =
    parts &&
    (parts.ready && 'log' in parts.ready ? { ...parts.ready, timeout: READY_DEFAULTS.timeout } : { ...parts.ready, ...READY_DEFAULTS });
  const gpus = written.resources.gpus ?? (deploy.gpu === undefined ? 0 : deploy.gpu_count);
  return {
    ...written,
    ...(settings ? { settings } : {}),
    name: written.name ?? 'service',
    image: written.image ?? parts?.image,
    command: written.command ?? parts?.command,
    port: written.port ?? parts?.port,
    env: { ...parts?.env, ...written.env },
    ready: written.ready ?? ready ?? { tcp: true, ...READY_DEFAULTS },
    prepare: written.prepare ?? parts?.prepare,
    resources: { ...written.resources, gpus },
  };
}

function fillClient(written: ClientSection, service: ServiceSection): ClientSection {
  const preset = CLIENT_PRESETS.find((p) => p.name === written.preset);
  const settings = preset?.settings.parse(written.settings) as ClientSection['settings'] | undefined;
  const parts = preset?.render(settings);
  return {
    ...written,
    ...(settings ? { settings } : {}),
    image: written.image ?? parts?.image ?? service.image,
    command: written.command ?? parts?.command,
    env: { ...parts?.env, ...written.env },
    resources: { ...written.resources, gpus: written.resources.gpus ?? 0 },
  };
}
