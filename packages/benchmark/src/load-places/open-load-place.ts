import { BenchError, messageOf } from '@bench/core';
import { herePlace } from './here.ts';
import { containerPlace } from './host-container.ts';
import { hostFacts, type HostFacts } from './host-facts.ts';
import { hostNodePlace, uploadedNodePlace } from './host-node.ts';
import type { LoadPlace, LoadPlaceName, LoadPlaceOptions } from './load-place.ts';
import { tunnelPlace } from './tunnel.ts';

type Opener = (options: LoadPlaceOptions, facts: () => Promise<HostFacts>) => Promise<LoadPlace>;

/** Nearest to the engine first. */
const REMOTE: [LoadPlaceName, Opener][] = [
  ['host-node', async (options, facts) => hostNodePlace(options, await facts())],
  ['host-uploaded-node', async (options, facts) => uploadedNodePlace(options, await facts())],
  ['host-container', async (options, facts) => containerPlace(options, await facts())],
  ['tunnel', (options) => Promise.resolve(tunnelPlace(options))],
];

const TITLES: Record<LoadPlaceName, string> = {
  here: 'this process',
  'host-node': 'its own Node',
  'host-uploaded-node': 'a Node that is copied there',
  'host-container': 'a Node container',
  tunnel: 'a tunnel from here',
  'engine-client': "the engine's own client",
};

/**
 * The best place to send load from to an engine on `host`: this process when it is this machine; else the host's own Node, a Node that is
 * copied there, a Node container there, or, with a warning and a flag in the results, this process through a tunnel. One that does not
 * start falls to the next, and `on` tells why.
 * @throws BenchError `BENCH_LOAD_PLACE` when none of those that are allowed can be used; why the host cannot be reached.
 */
export async function openLoadPlace(options: LoadPlaceOptions): Promise<LoadPlace> {
  const { host, allow, on, signal } = options;
  if (host.kind === 'local') return herePlace(options);
  let known: Promise<HostFacts> | undefined;
  const facts = () => (known ??= hostFacts(host, signal));
  const reasons: string[] = [];
  for (const [name, open] of REMOTE) {
    if (allow && !allow.includes(name)) continue;
    try {
      const place = await open(options, facts);
      if (reasons.length > 0) on(`load is sent by ${TITLES[name]}`);
      return place;
    } catch (error) {
      signal.throwIfAborted();
      // A host that cannot be reached has no other place either.
      if (BenchError.is(error) && error.code.startsWith('BENCH_SSH_')) throw error;
      reasons.push(`${TITLES[name]}: ${messageOf(error)}`);
      on(`load cannot be sent from ${host.name} by ${TITLES[name]}: ${messageOf(error)}`);
    }
  }
  throw new BenchError({
    code: 'BENCH_LOAD_PLACE',
    message: [`there is no way to send load to the engine on ${host.name}`, ...reasons].join('\n'),
    hint: 'install Node 20 or newer there, or allow a tunnel',
    exitCode: 3,
  });
}
