import { providerError } from '../contract/error.ts';
import { CONTRACT_VERSION, type ProviderFactory } from '../contract/provider.ts';
import { findApiKey, missingApiKey } from './credentials.ts';
import { PROVIDER } from './explain.ts';
import { openVast } from './provider.ts';
import { DEFAULT_BASE_URL, type VastSettings, vastSettingsSchema } from './settings.ts';

/** The provider `vast`: virtual machines and containers of vast.ai, on demand and by bid. */
export function vast(): ProviderFactory<VastSettings> {
  return {
    contractVersion: CONTRACT_VERSION,
    name: PROVIDER,
    title: 'vast.ai',
    capabilities: {
      workloads: ['container', 'vm'],
      markets: ['on-demand', 'spot'],
      idempotentCreate: false,
      labels: false,
      nativeTtl: false,
      // A stopped instance bills its disk.
      shutdownEndsBilling: false,
      stopStart: true,
      livePrices: true,
      logs: true,
      visibleWithinMs: 30_000,
    },
    limits: {
      search: { perMinute: 10 },
      create: { minIntervalMs: 4500 },
      destroy: { minIntervalMs: 3000 },
      show: { minIntervalMs: 2000 },
      list: { minIntervalMs: 1000 },
      manage: { minIntervalMs: 1000 },
      bid: { minIntervalMs: 5500 },
      'ssh-key': { minIntervalMs: 1000 },
      account: { minIntervalMs: 1000 },
    },
    settings: vastSettingsSchema,
    configured: async (settings, io) => ((await findApiKey(settings, io)) === null ? missingApiKey(settings, io) : null),
    open: async (settings, context) => {
      const apiKey = await findApiKey(settings, context);
      if (apiKey === null) {
        const { reason, hint } = missingApiKey(settings, context);
        throw providerError({ kind: 'auth', provider: PROVIDER, op: 'open', message: reason, hint });
      }
      const baseUrl = settings.base_url ?? context.variable?.('VAST_URL') ?? DEFAULT_BASE_URL;
      return openVast({ context, settings, apiKey, baseUrl });
    },
  };
}
