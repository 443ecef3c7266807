import type { ProviderFactory } from '@bench/provisioning';
import { byoProvider } from './provider.ts';
import { byoSettings, type ByoSettings } from './settings.ts';

export type { ByoSettings } from './settings.ts';

/** Machines of one's own, claimed for as long as a run has them. */
export const byo: ProviderFactory<ByoSettings> = {
  contractVersion: 1,
  name: 'byo',
  title: 'your own hosts',
  capabilities: {
    workloads: ['vm'],
    markets: ['on-demand'],
    idempotentCreate: true,
    labels: true,
    nativeTtl: false,
    shutdownEndsBilling: false,
    // They are the user’s own, and go on when a run is over.
    shutdown: 'never',
    stopStart: false,
    livePrices: false,
    logs: false,
    visibleWithinMs: 0,
  },
  limits: {},
  settings: byoSettings,
  deadlines: { pendingMs: 60_000, provisioningMs: 120_000, sshMs: 120_000, terminateMs: 120_000 },
  configured: (settings) =>
    Promise.resolve(
      settings.hosts.length > 0
        ? null
        : { reason: 'no host is in its settings', hint: 'providers: {byo: {hosts: [{host: gpu1, gpu: H200}]}}' },
    ),
  open: (settings, context) => Promise.resolve(byoProvider(settings, context)),
};

/** What `plugins: [bench-provider-byo]` loads. */
export default { contractVersion: 1, name: 'bench-provider-byo', providers: [byo] } as const;
