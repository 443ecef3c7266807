import { providerError } from '../contract/error.ts';
import { CONTRACT_VERSION, type Provider, type ProviderContext, type ProviderFactory } from '../contract/provider.ts';
import { PROVIDER } from './explain.ts';
import { openSlurm, type SlurmProvider } from './provider.ts';
import { type SlurmSettings, slurmSettingsSchema } from './settings.ts';

/** A factory whose provider has more than the contract's. */
export interface SlurmFactory extends ProviderFactory<SlurmSettings> {
  open(settings: SlurmSettings, context: ProviderContext): Promise<SlurmProvider>;
}

const DAY_MS = 86_400_000;
const MISSING = {
  reason: 'no login host is named',
  hint: 'set providers.slurm.login in the settings ("local" on the login host itself), or name it with the site: --on slurm:LOGIN',
};

/** The provider `slurm`: batch jobs of a Slurm cluster, by the tools of its login host. Slurm 21.08 or newer. */
export function slurm(): SlurmFactory {
  return {
    contractVersion: CONTRACT_VERSION,
    name: PROVIDER,
    title: 'Slurm',
    capabilities: {
      workloads: ['batch'],
      markets: ['on-demand'],
      idempotentCreate: false,
      // A comment may be the recipe's or the site's own: the name alone tells whose a job is.
      labels: false,
      nativeTtl: true,
      shutdownEndsBilling: false,
      stopStart: false,
      livePrices: false,
      logs: true,
      // A controller that did not answer in time may take the job when it has time again.
      visibleWithinMs: 60_000,
    },
    // The queue has a limit of its own, poll_interval_s, which counts for all jobs together.
    limits: {},
    // A queue is a queue.
    deadlines: { pendingMs: 7 * DAY_MS },
    settings: slurmSettingsSchema,
    configured: (settings) => Promise.resolve(settings.login === undefined ? MISSING : null),
    open: (settings, context) => {
      const { login } = settings;
      if (login !== undefined) return Promise.resolve(openSlurm({ context, settings, target: login }));
      return Promise.reject(providerError({ kind: 'auth', provider: PROVIDER, op: 'open', message: MISSING.reason, hint: MISSING.hint }));
    },
  };
}

/** The same provider, with what jobs alone have; null: it is another one. */
export function asSlurm(provider: Provider): SlurmProvider | null {
  const given = provider as Partial<SlurmProvider>;
  const has = (['host', 'jobs', 'nodes', 'usage', 'inJob', 'logPath'] as const).every((method) => typeof given[method] === 'function');
  return has ? (provider as SlurmProvider) : null;
}
