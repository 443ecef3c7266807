import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { builtinProviders } from './built-in.ts';
import { cloudDefaultsSchema } from './cloud-defaults.ts';
import { pricingSchema } from './pricing.ts';
import { loadSettings } from './load-settings.ts';
import {
  compareSettingsSchema,
  gatesSettingsSchema,
  launchSettingsSchema,
  settingsSchema,
  telemetrySettingsSchema,
} from './settings-schema.ts';
import { SETTINGS_TEMPLATE } from './template.ts';

interface Property {
  description?: string;
  type?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: { properties?: Record<string, unknown> }[];
}

const INTRO = `# Settings

Written by a test from the schemas that check the file.

\`bench.config.yaml\` is looked for in the working folder and its parents, up to the root of a Git repository or the home folder; then
\`$XDG_CONFIG_HOME/bench/config.yaml\` (\`~/.config/bench/config.yaml\`). \`--config FILE\` names another one. \`bench init --settings\` writes one to start
from, \`bench check\` says what can be used, and an unknown key is an error with its line and the nearest known name.

A secret never stands in the file. Where a secret is expected, write where it is: \`{from_env: NAME}\` or \`{from_file: PATH}\`.
`;

it('docs/settings.md is what the schemas say (vitest run -u writes it)', async () => {
  const providers = await builtinProviders();
  const sections = [
    section(
      'plugins',
      'A list of packages or paths: see [plugins.md](plugins.md). A package is looked for from the settings file, then from the working folder, then from bench; a path starts at the settings file.',
    ),
    section('cloud', 'What the flags of rented machines are when they are not given. See [clouds.md](clouds.md).', cloudDefaultsSchema),
    section(
      'telemetry',
      'How engines and machines are sampled while points are measured; `telemetry: false`: they are not. See [telemetry.md](telemetry.md).',
      telemetrySettingsSchema,
    ),
    section(
      'pricing',
      'What machines cost whose price no run knows: your own, hosts, clusters, and what other tools measured. `bench report --price` comes first, then what a run recorded of what it rented, then these. See [reports.md](reports.md).',
      pricingSchema,
    ),
    section('compare', 'Defaults of `bench compare`. See [compare.md](compare.md).', compareSettingsSchema),
    section('gates', 'Limits that `bench compare --gate` holds a candidate to. See [compare.md](compare.md).', gatesSettingsSchema),
    section('launch', 'What `bench launch` and `bench submit` know of machines. See [launch.md](launch.md).', launchSettingsSchema),
    ...providers.map((p) => section(`providers.${p.name}`, `${p.title}.`, p.settings as unknown as z.ZodType)),
  ];
  await expect(`${INTRO}\n${sections.join('\n')}`).toMatchFileSnapshot('../../../../docs/settings.md');
});

it('what bench init --settings writes is valid, also with its examples', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-settings-'));
  const config = join(dir, 'bench.config.yaml');
  await writeFile(config, SETTINGS_TEMPLATE);
  expect(await loadSettings({ config })).toMatchObject({ cloud: {}, providers: {} });
  const examples = SETTINGS_TEMPLATE.replaceAll(/^# (?=(providers|cloud|pricing|plugins|  ))/gm, '').replace(/^plugins:.*$/m, '');
  await writeFile(config, examples);
  expect(await loadSettings({ config })).toMatchObject({ cloud: { max_price: 12 }, providers: { gcp: { project: 'my-project' } } });
});

it('the schema of the file can be written as JSON Schema', async () => {
  const schema = z.toJSONSchema(settingsSchema(await builtinProviders()), { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  expect(Object.keys(schema.properties ?? {})).toEqual([
    'plugins',
    'providers',
    'launch',
    'telemetry',
    'pricing',
    'compare',
    'gates',
    'cloud',
  ]);
});

function section(name: string, text: string, schema?: z.ZodType): string {
  const json =
    schema &&
    (z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as { properties?: Record<string, Property> });
  const rows = Object.entries(json?.properties ?? {}).map(
    ([key, p]) => `| \`${key}\` | ${kindOf(p)} | ${(p.description ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')}${defaultOf(p)} |`,
  );
  return [`## ${name}`, '', text, '', ...(rows.length > 0 ? ['| key | | what |', '| --- | --- | --- |', ...rows, ''] : [])].join('\n');
}

function kindOf(p: Property): string {
  if (p.anyOf?.some(({ properties = {} }) => 'from_env' in properties)) return 'secret';
  if (p.enum) return p.enum.map((value) => `\`${String(value)}\``).join(' or ');
  const words: Record<string, string> = {
    string: 'text',
    integer: 'whole number',
    boolean: '`true` or `false`',
    array: 'list',
    object: 'map',
  };
  return words[p.type ?? ''] ?? p.type ?? '';
}

function defaultOf(p: Property): string {
  if (p.default === undefined || /default/i.test(p.description ?? '')) return '';
  return ` Default: \`${JSON.stringify(p.default)}\`.`;
}
