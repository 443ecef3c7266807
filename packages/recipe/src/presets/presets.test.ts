import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CLIENT_PRESETS, type ClientPreset, parseRecipe, SERVICE_PRESETS, type ServicePreset } from '../index.ts';

/** Settings without which a preset has nothing to do. */
const REQUIRED: Record<string, Record<string, string>> = { vllm: { model: 'org/name' }, ollama: { model: 'llama3.2:1b' } };
const requiredOf = (service: string) => REQUIRED[service] ?? {};

/** Values that a setting may take; some of them are a change, whatever it is. */
const OTHERS = [7, true, 'other', '/other', '7MB', '7mb', 'trust', 'allkeys-lru', 'other:1b'];

/** Settings without any effect on what a preset gives. */
function ignored({ settings, render }: ServicePreset | ClientPreset, required: Record<string, string>): string[] {
  const defaults = settings.parse(required) as Record<string, unknown>;
  const given = (changed: object) => JSON.stringify(render({ ...defaults, ...changed }));
  return Object.keys(defaults).filter((key) => {
    const others = OTHERS.filter((value) => value !== defaults[key] && settings.safeParse({ ...required, [key]: value }).success);
    return others.length === 0 || others.some((value) => given({ [key]: value }) === given({}));
  });
}

const load = (recipe: unknown) => parseRecipe(JSON.stringify(recipe), { file: 'r' }).tasks[0]?.resolved;

describe.each(SERVICE_PRESETS.map((preset) => [preset.name, preset] as const))('service %s', (name, preset) => {
  const resolved = load({ service: { preset: name, settings: requiredOf(name) } })?.service;

  it('gives everything a site needs', () => {
    expect(resolved).toMatchObject({
      name: 'service',
      image: expect.stringMatching(/^[\w./-]+:[\w.-]+$/) as string,
      port: expect.any(Number) as number,
      ready: { timeout: 300 },
    });
    for (const script of [resolved?.command, resolved?.prepare])
      if (script !== undefined) execFileSync('sh', ['-n'], { input: String(script) });
    expect(resolved?.command).toContain('exec ');
    expect(preset.description).not.toBe('');
  });

  it('has clients', () => {
    expect(CLIENT_PRESETS.filter((client) => client.service === name)).not.toEqual([]);
  });

  it('listens on the port that it is given, and hears of every setting', () => {
    const scripts = `${String(resolved?.command)}${String(resolved?.prepare)}`;
    expect(resolved?.command).toMatch(/\$\{?PORT\b/);
    for (const variable of Object.keys(resolved?.env ?? {})) expect(scripts).toMatch(new RegExp(`\\$\\{?${variable}\\b`));
    expect(ignored(preset, requiredOf(name))).toEqual([]);
  });

  it('is of no one version of its image’s programs', () => {
    expect(`${String(resolved?.command)}${String(resolved?.prepare)}`).not.toMatch(/\/\d+(\.\d+)*\//);
  });
});

describe.each(CLIENT_PRESETS.map((preset) => [preset.name, preset] as const))('client %s', (name, preset) => {
  const { service } = preset;
  it('gives everything a site needs', () => {
    const resolved = load({
      service: { preset: service, settings: requiredOf(service) },
      clients: { load: { preset: name, settings: requiredOf(service) } },
    });
    const client = resolved?.clients?.['load'];
    expect(client).toMatchObject({ image: expect.any(String) as string, replicas: 1 });
    execFileSync('sh', ['-n'], { input: String(client?.command) });
    expect(client?.command).toContain('OUTPUT_DIR');
    for (const value of Object.values(client?.env ?? {})) expect(typeof value).toBe('string');
  });

  it('hears of every setting', () => {
    const settings = requiredOf(service);
    const { command, env } = preset.render(preset.settings.parse(settings));
    for (const variable of Object.keys(env)) expect(command).toMatch(new RegExp(`\\$[({]*${variable}\\b`));
    expect(ignored(preset, settings)).toEqual([]);
  });
});

describe('presets', () => {
  it('cover the kinds that clusters run', () => {
    expect(SERVICE_PRESETS.map((p) => p.name).sort()).toEqual([
      'chroma',
      'minio',
      'nginx',
      'ollama',
      'postgres',
      'qdrant',
      'redis',
      'vllm',
    ]);
    expect(CLIENT_PRESETS.map((p) => p.name).sort()).toEqual([
      'chroma_healthcheck',
      'chroma_stress',
      'minio_smoke',
      'minio_stress',
      'nginx_healthcheck',
      'nginx_stress',
      'ollama_smoke',
      'ollama_stress',
      'postgres_smoke',
      'postgres_stress',
      'qdrant_healthcheck',
      'qdrant_stress',
      'redis_smoke',
      'redis_stress',
      'vllm_smoke',
      'vllm_stress',
    ]);
  });

  it('yield to what the recipe says', () => {
    const resolved = load({
      service: { preset: 'redis', image: 'redis:7', port: 7000, env: { MAXMEMORY: '1gb' }, ready: { log: 'Ready' } },
    })?.service;
    expect(resolved).toMatchObject({ image: 'redis:7', port: 7000, env: { MAXMEMORY: '1gb', APPENDONLY: 'no' }, ready: { log: 'Ready' } });
  });

  it('take settings as variables, never as program text', () => {
    const query = `'; echo "$(id)" #`;
    const client = load({ service: { preset: 'postgres' }, clients: { a: { preset: 'postgres_smoke', settings: { query } } } })?.clients?.[
      'a'
    ];
    expect(client?.env).toMatchObject({ QUERY: query });
    expect(client?.command).not.toContain(query);
  });
});

describe('a service of one’s own', () => {
  it('is filled in', () => {
    const resolved = load({
      service: {
        image: 'me/it:1',
        port: 80,
        command: ['serve', '--all'],
        volumes: ['data:/data:ro', '/cache', { source: '/abs', target: '/x' }],
        env: { A: 1, B: { from_env: 'SECRET' } },
      },
      clients: { one: { command: 'true' } },
      deploy: { gpu: 'NVIDIA L40S', gpu_count: 2 },
      slurm: { partition: 'gpu', time_limit: '01:00:00', clients: { partition: 'cpu' } },
    });
    expect(resolved?.service).toMatchObject({
      name: 'service',
      command: ['serve', '--all'],
      ready: { tcp: true, timeout: 300, interval: 1 },
      resources: { gpus: 2 },
      env: { A: '1', B: { from_env: 'SECRET' } },
      volumes: [
        { source: 'data', target: '/data', read_only: true },
        { source: null, target: '/cache', read_only: false },
        { source: '/abs', target: '/x', read_only: false },
      ],
    });
    expect(resolved?.clients?.['one']).toMatchObject({ image: 'me/it:1', replicas: 1, timeout: 3600, resources: { gpus: 0 } });
    expect(resolved?.slurm).toMatchObject({ partition: 'gpu', clients: { partition: 'cpu' }, modules: [] });
  });
});
