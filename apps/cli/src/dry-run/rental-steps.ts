import { EXIT, type Io, messageOf, type RenderedStep } from '@bench/core';
import { machineName, type MachineSpec, openProviders, type Wanted } from '@bench/provisioning';
import { faultLines } from '../fault-lines.ts';
import type { Settings } from '../settings/load-settings.ts';
import { checkedSteps } from './checked-steps.ts';
import { madeUpOffer } from './made-up-offer.ts';
import { RUN_ID } from './made-up-site.ts';
import { stepLines } from './step-lines.ts';

export interface RentalSteps {
  text: string;
  json: { provider: string; steps: RenderedStep[]; problem: string | null }[];
  /** 4 when nothing of any provider can be shown. */
  exitCode: number;
}

/** What is sent to each provider that may be rented from, if its offer is the one that is chosen. Connects to nothing. */
export async function rentalSteps(o: { settings: Settings; wanted: Wanted; io: Io }): Promise<RentalSteps> {
  const { settings, wanted, io } = o;
  const only = wanted.providers === null ? {} : { only: wanted.providers };
  const providers = await openProviders({ factories: settings.factories, settings: settings.providers, io, ...only });
  try {
    const open = providers.list.map(({ factory, provider }) => {
      try {
        return { provider: factory.name, steps: checkedSteps(factory.name, provider.plan(specOf(factory.name, wanted))), problem: null };
      } catch (error) {
        return { provider: factory.name, steps: [], problem: io.redact(messageOf(error)) };
      }
    });
    // The wish of everybody is told of those who are set up; one who was named, in any case.
    const closed = providers.closed
      .filter(() => wanted.providers !== null || open.length === 0)
      .map(({ name, reason, hint }) => ({ provider: name, steps: [], problem: `${reason} (${hint})` }));
    const json = [...open, ...closed];
    const lines = json.flatMap(({ provider, steps, problem }) => [
      `rent from ${provider}${json.length > 1 ? ', if its offer is the best' : ''}:`,
      ...(problem === null ? [] : [`  cannot be shown: ${problem}`]),
      ...steps.flatMap((step) => stepLines(step).map((line) => `  ${line}`)),
      ...(problem === null
        ? [
            `  wait until it runs${wanted.workload.kind === 'vm' ? ' and lets us in' : ''}; afterwards terminate it, and look until it is gone`,
          ]
        : []),
    ]);
    const exitCode = json.some(({ problem }) => problem === null) ? EXIT.ok : EXIT.provider;
    return { json, exitCode, text: `${[...lines, ...faultLines(settings.faults)].join('\n')}\n` };
  } finally {
    await providers.close();
  }
}

function specOf(provider: string, wanted: Wanted): MachineSpec {
  const owner = 'ownerxxxxx';
  return {
    name: machineName({ owner, run: RUN_ID, n: 0 }),
    owner,
    run: RUN_ID,
    offer: madeUpOffer(provider, wanted),
    market: wanted.markets[0] ?? 'on-demand',
    sshPublicKeys: wanted.workload.kind === 'vm' ? ['ssh-ed25519 PUBLIC-KEY-OF-THE-LEDGER'] : [],
    image: wanted.image,
    diskGb: wanted.diskGb,
    maxLifetimeS: wanted.maxLifetimeS,
    // Then: now, and the lifetime.
    expiresAt: '2000-01-01T00:00:00.000Z',
    bidUsdPerHour: wanted.bidUsdPerHour,
    workload: wanted.workload,
    secrets: [],
  };
}
