import type { ProviderFactory } from '@bench/provisioning';

/** Names of the providers that come with bench. */
export const BUILTIN_PROVIDERS = ['cloudrift', 'gcp', 'slurm', 'vast'] as const;

/** The providers that come with bench; loaded where they are asked for. */
export async function builtinProviders(): Promise<ProviderFactory[]> {
  const [{ cloudrift }, { gcp }, { slurm }, { vast }] = await Promise.all([
    import('@bench/provisioning/cloudrift'),
    import('@bench/provisioning/gcp'),
    import('@bench/provisioning/slurm'),
    import('@bench/provisioning/vast'),
  ]);
  return [cloudrift(), gcp(), slurm(), vast()];
}
