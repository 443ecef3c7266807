import { providerError } from '../contract/error.ts';
import { CONTRACT_VERSION, type ProviderFactory } from '../contract/provider.ts';
import { readSecret } from '../contract/secret.ts';
import { findCredentials, findProject } from './credentials.ts';
import { gcpProvider } from './provider.ts';
import { type GcpSettings, gcpSettings } from './settings.ts';
import { tokensOf } from './token.ts';

export type { GcpSettings } from './settings.ts';

const LOGIN = 'gcloud auth application-default login';
const NO_CREDENTIALS = {
  reason: 'no credentials of Google Cloud were found',
  hint: `${LOGIN}, or set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account`,
};

/** The provider `gcp`: virtual machines of Compute Engine. */
export function gcp(): ProviderFactory<GcpSettings> {
  return {
    contractVersion: CONTRACT_VERSION,
    name: 'gcp',
    title: 'Google Cloud',
    capabilities: {
      workloads: ['vm'],
      markets: ['on-demand', 'spot', 'flex'],
      idempotentCreate: true,
      labels: true,
      nativeTtl: true,
      // A machine that shuts itself down is TERMINATED: its disk goes on billing.
      shutdownEndsBilling: false,
      stopStart: true,
      livePrices: false,
      logs: true,
      visibleWithinMs: 10_000,
    },
    // About 20 requests a second are let through for a project.
    limits: {
      create: { minIntervalMs: 100 },
      terminate: { minIntervalMs: 100 },
      change: { minIntervalMs: 100 },
      list: { minIntervalMs: 100 },
      get: { minIntervalMs: 50 },
    },
    settings: gcpSettings,

    async configured(settings, io) {
      const source = await findCredentials(settings, io);
      if (source === null || (source.kind === 'token' && (await readSecret(source.ref, io)) === undefined)) return NO_CREDENTIALS;
      if ((await findProject(settings, source, io)) !== undefined) return null;
      return { reason: 'no project is named', hint: 'set GOOGLE_CLOUD_PROJECT, or providers.gcp.project in the settings' };
    },

    async open(settings, context) {
      const refuse = (why: { reason: string; hint: string }) =>
        providerError({ kind: 'auth', provider: 'gcp', op: 'open', message: why.reason, hint: why.hint });
      const source = await findCredentials(settings, context);
      if (source === null) throw refuse(NO_CREDENTIALS);
      const project = await findProject(settings, source, context);
      if (project === undefined)
        throw refuse({ reason: 'no project is named', hint: 'set GOOGLE_CLOUD_PROJECT, or providers.gcp.project in the settings' });
      return gcpProvider({ settings, project, tokens: tokensOf(source, context), context });
    },
  };
}
