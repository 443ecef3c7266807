import { bootstrapPlan, type BootstrapStep } from '@bench/provisioning';
import type { Task } from '@bench/recipe';

/** What `--bootstrap` looks for on each host, and what it runs where that is missing. */
export function bootstrapText(tasks: readonly Task[]): string[] {
  const gpu = tasks.map((task) => task.resolved.deploy.gpu).find((name) => name !== undefined) ?? null;
  const asked = (key: 'driver_version' | 'cuda_version') =>
    tasks.map((task) => task.resolved.deploy[key]).find((version) => version !== undefined);
  return bootstrapPlan({ gpu, driverVersion: asked('driver_version'), cudaVersion: asked('cuda_version') }).flatMap(stepLines);
}

function stepLines({ title, apply, manual, disruptive, mayReboot }: BootstrapStep): string[] {
  if (apply === null) return [`${title}: looked for; where it is missing, by hand: ${manual ?? ''}`];
  const notes = [
    ...(disruptive ? ['not while containers or programs on GPUs run'] : []),
    ...(mayReboot ? ['the host may be restarted'] : []),
  ];
  const data = apply.args.length === 0 ? '' : `, with arguments ${apply.args.map((arg) => JSON.stringify(arg)).join(' ')}`;
  return [
    `${title}: looked for; where it is missing${notes.length === 0 ? '' : ` (${notes.join('; ')})`}, sh runs this${data}:`,
    ...apply.script
      .trim()
      .split('\n')
      .map((line) => `  | ${line}`.trimEnd()),
  ];
}
