import type { DeployEvent, TargetContext } from './contract.ts';

/** What is told now and then may fail without harm. */
export function tell({ on }: Pick<TargetContext, 'on'>, event: DeployEvent): void {
  void (async () => on(event))().catch(() => undefined);
}
