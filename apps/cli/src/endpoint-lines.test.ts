import type { KeptDeployment } from '@bench/benchmark';
import { expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import { endpointLines } from './endpoint-lines.ts';

const asked = (site: string, more: Partial<Asked> = {}): Asked => ({ recipes: [], site, filter: [], seed: 0, ...more });
const kept = (more: Partial<KeptDeployment> = {}): KeptDeployment => ({
  deployment: 'd1-00000000',
  machine: 'ann@gpu1:2222',
  engine: 'vllm',
  endpoint: { address: '127.0.0.1', port: 8123, scope: 'host', model: "it's/a model", api: 'chat' },
  apiKeyFile: null,
  ...more,
});

it('leads to a port of another machine by a tunnel, with the key the run used', () => {
  const text = endpointLines(kept(), {
    asked: asked('ssh:ann@gpu1:2222', { ssh: { identities: ['/k/id one'] } }),
    runId: 'rabc',
    out: 'runs',
  }).join('\n');
  expect(text).toContain("ssh -N -L 8000:127.0.0.1:8123 -i '/k/id one' -p 2222 ann@gpu1");
  expect(text).toContain('curl http://127.0.0.1:8000/v1/chat/completions');
  expect(text).toContain(String.raw`{"model":"it'\''s/a model"`);
  expect(text).toContain('bench teardown rabc');
});

it('needs no tunnel on this machine, and asks by the API that the engine has', () => {
  const text = endpointLines(kept({ endpoint: { address: '127.0.0.1', port: 8123, scope: 'host', model: 'm', api: 'embeddings' } }), {
    asked: asked('docker'),
    runId: 'rabc',
    out: '/else where',
  }).join('\n');
  expect(text).toContain('curl http://127.0.0.1:8123/v1/embeddings');
  expect(text).toContain('"input":');
  expect(text).not.toContain('ssh');
  expect(text).toContain("bench teardown rabc --out '/else where'");
});

it('hands the key of an open endpoint to curl by its file, never by its value or on a command line', () => {
  const endpoint = { address: '0.0.0.0', port: 8123, scope: 'public' as const, model: 'm', api: 'chat' as const };
  const text = endpointLines(kept({ endpoint, apiKeyFile: '/r/api-key' }), {
    asked: asked('ssh:ann@gpu1:2222'),
    runId: 'rabc',
    out: 'runs',
  }).join('\n');
  expect(text).toContain('http://gpu1:8123/v1');
  expect(text).toMatch(/printf 'Authorization: Bearer %s' "\$\(cat .*api-key.*\)" \| curl .* -H @-/);
});

it('says of what has no endpoint only that it is there and how it ends', () => {
  expect(endpointLines(kept({ endpoint: null, engine: 'redis' }), { asked: asked('docker'), runId: 'rabc', out: 'runs' })).toEqual([
    'redis stays up on this machine',
    'end it with:  bench teardown rabc',
  ]);
});

it('says of a command what is left of it', () => {
  const rented = { name: 'bench-abc123-r0-0', provider: 'cloudrift', priceUsdPerHour: 0.39, until: '2026-01-02T03:04:05.000Z' };
  const first = (more: Partial<KeptDeployment>, site: string) =>
    endpointLines(kept({ endpoint: null, engine: 'command', ...more }), { asked: asked(site), runId: 'rabc', out: 'runs' })[0];
  expect(first({ machine: rented.name, rented }, 'cloudrift')).toBe('bench-abc123-r0-0 stays up, with what the command left there');
  expect(first({ machine: 'gpu1' }, 'ssh:gpu1')).toBe('what the command left on gpu1 stays there');
});

it('gives each tunnel of a run a port of its own', () => {
  const o = { asked: asked('ssh:gpu1,gpu2'), runId: 'rabc', out: 'runs' };
  const lines = [0, 1].map((before) => endpointLines(kept({ machine: `gpu${before + 1}` }), { ...o, before }).join('\n'));
  expect(lines[0]).toContain('-L 8000:127.0.0.1:8123');
  expect(lines[1]).toContain('-L 8001:127.0.0.1:8123');
  expect(lines[1]).toContain('curl http://127.0.0.1:8001/v1/chat');
});

it('leads to a rented machine by its name in the ledger, and says what it costs', () => {
  const rented = { name: 'bench-abc123-r0-0', provider: 'cloudrift', priceUsdPerHour: 0.39, until: '2026-01-02T03:04:05.000Z' };
  const site = { asked: asked('cloud'), runId: 'rabc', out: 'runs' };
  const text = endpointLines(kept({ machine: rented.name, rented }), site).join('\n');
  expect(text).toContain('vllm stays up on bench-abc123-r0-0');
  expect(text).toContain('costs:        $0.39/h at cloudrift; kept until 2026-01-02 03:04 UTC');
  expect(text).toContain('bench vm ssh bench-abc123-r0-0 --forward 8000:127.0.0.1:8123');
  expect(text).toContain('curl http://127.0.0.1:8000/v1/chat/completions');
  const endpoint = { address: '192.0.2.7', port: 41_000, scope: 'public' as const, model: 'm', api: 'chat' as const };
  const open = endpointLines(kept({ machine: rented.name, rented, endpoint, apiKeyFile: '/r/api-key' }), site).join('\n');
  expect(open).toContain('open to the internet');
  expect(open).toContain('http://192.0.2.7:41000/v1');
  expect(open).not.toContain('bench vm ssh');
  const everywhere = kept({ machine: rented.name, rented, endpoint: { ...endpoint, address: '0.0.0.0' } });
  expect(endpointLines(everywhere, site).join('\n')).toContain('http://ADDRESS-OF-bench-abc123-r0-0:41000/v1');
});
