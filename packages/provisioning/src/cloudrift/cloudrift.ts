import { providerError } from '../contract/error.ts';
import { CONTRACT_VERSION, type ProviderFactory } from '../contract/provider.ts';
import { findApiKey, missingApiKey } from './credentials.ts';
import { PROVIDER } from './explain.ts';
import { openCloudrift, VISIBLE_WITHIN_MS } from './provider.ts';
import { type CloudriftSettings, cloudriftSettingsSchema, DEFAULT_BASE_URL } from './settings.ts';

/** The provider `cloudrift`: virtual machines of CloudRift, on demand. */
export function cloudrift(): ProviderFactory<CloudriftSettings> {
  return {
    contractVersion: CONTRACT_VERSION,
    name: PROVIDER,
    title: 'CloudRift',
    capabilities: {
      workloads: ['vm'],
      markets: ['on-demand'],
      idempotentCreate: false,
      labels: false,
      nativeTtl: false,
      // Nobody knows: it was never tried.
      shutdownEndsBilling: false,
      stopStart: true,
      livePrices: true,
      logs: false,
      visibleWithinMs: VISIBLE_WITHIN_MS,
    },
    // None are published; these only keep many machines from asking all at once.
    limits: {
      offers: { minIntervalMs: 200 },
      rent: { minIntervalMs: 200 },
      list: { minIntervalMs: 100 },
      terminate: { minIntervalMs: 50 },
      manage: { minIntervalMs: 100 },
      account: { minIntervalMs: 100 },
      recipes: { minIntervalMs: 100 },
    },
    settings: cloudriftSettingsSchema,
    configured: async (settings, io) => ((await findApiKey(settings, io)) === null ? missingApiKey(settings) : null),
    open: async (settings, context) => {
      const apiKey = await findApiKey(settings, context);
      if (apiKey === null) {
        const { reason, hint } = missingApiKey(settings);
        throw providerError({ kind: 'auth', provider: PROVIDER, op: 'open', message: reason, hint });
      }
      const baseUrl = settings.base_url ?? context.variable?.('CLOUDRIFT_API_URL') ?? DEFAULT_BASE_URL;
      return openCloudrift({ context, settings, apiKey, baseUrl });
    },
  };
}
