import { didYouMean } from '@bench/core';
import { z } from 'zod';
import type { CheckContext } from './check-recipe.ts';
import { problemsOf } from './issues.ts';
import { CLIENT_PRESETS, SERVICE_PRESETS } from './presets/index.ts';
import type { ClientPreset, ServicePreset } from './presets/preset.ts';
import type { Problem } from './problem.ts';
import type { Recipe } from './schema/recipe.ts';

type Fail = (path: readonly string[], message: string, hint?: string | null) => void;

/** What a service recipe needs beyond its schema: presets that exist, their settings, and an image, a port and a command for everyone. */
export function checkService(recipe: Recipe, context: CheckContext, fail: Fail): Problem[] {
  const { service, clients } = recipe;
  if (!service) return [];
  const problems: Problem[] = [];
  const preset = (
    found: ServicePreset | ClientPreset | undefined,
    asked: string | undefined,
    settings: Record<string, unknown>,
    path: string[],
    all: readonly { name: string }[],
  ) => {
    if (asked === undefined) {
      if (Object.keys(settings).length > 0)
        fail(
          [...path, 'settings'],
          'settings are those of a preset, and none is named',
          `name one in ${[...path, 'preset'].join('.')}, or use env`,
        );
    } else if (!found) {
      const names = all.map((p) => p.name);
      fail([...path, 'preset'], `unknown preset "${asked}"`, didYouMean(asked, names) ?? `known: ${names.join(', ')}`);
    } else {
      const result = found.settings.safeParse(settings);
      if (result.success) return;
      const where = [...path, 'settings'];
      const issues = result.error.issues.map((issue) => ({ ...issue, path: [...where, ...issue.path] }));
      const schema = () =>
        where
          .toReversed()
          .reduce<unknown>(
            (inner, key) => ({ properties: { [key]: inner } }),
            z.toJSONSchema(found.settings, { io: 'input', unrepresentable: 'any' }),
          );
      problems.push(...problemsOf(issues, { file: context.file, tree: context.tree, schema }));
    }
  };
  preset(
    SERVICE_PRESETS.find((p) => p.name === service.preset),
    service.preset,
    service.settings,
    ['service'],
    SERVICE_PRESETS,
  );
  if (service.preset === undefined) {
    if (service.image === undefined) fail(['service'], 'a service needs an image or a preset', 'add service.image');
    if (service.port === undefined && !(service.ready && 'log' in service.ready))
      fail(['service'], 'a service needs a port', 'add service.port, or ready: {log: "text"} for one without');
  }
  for (const [name, client] of Object.entries(clients ?? {})) {
    const found = CLIENT_PRESETS.find((p) => p.name === client.preset);
    preset(found, client.preset, client.settings, ['clients', name], CLIENT_PRESETS);
    if (found && service.preset !== undefined && found.service !== service.preset) {
      fail(['clients', name, 'preset'], `the client "${found.name}" speaks to ${found.service}, and the service is ${service.preset}`);
    }
    if (client.preset === undefined && client.command === undefined && client.image === undefined) {
      fail(['clients', name], `the client "${name}" needs a command, an image or a preset`);
    }
  }
  return problems;
}
