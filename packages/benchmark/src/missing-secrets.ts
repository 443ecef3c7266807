import type { Io } from '@bench/core';
import type { Problem } from '@bench/deploy';
import { BUILTIN_ENGINES, type Engine, engineOf, type Task } from '@bench/recipe';

/**
 * Secrets that tasks name and that the environment of bench does not have: told before anything is started or rented, each variable once.
 * One that is set may still be wrong.
 */
export function missingSecrets(tasks: readonly Task[], o: { io: Pick<Io, 'secrets'>; engines?: readonly Engine[] | undefined }): Problem[] {
  const missing = new Map<string, Problem>();
  for (const task of tasks)
    for (const [name, variable] of environmentsOf(task, o.engines ?? BUILTIN_ENGINES))
      if (!missing.has(variable) && o.io.secrets.get(variable) === undefined)
        missing.set(variable, {
          code: 'BENCH_SECRET_MISSING',
          message: `${task.recipe}: ${name} is to come from the environment variable ${variable}, which is not set`,
          hint: `export ${variable}=…`,
        });
  return [...missing.values()];
}

/** Names that stand in the environments of a task's programs, each with the variable that its value comes from. */
function environmentsOf({ kind, resolved }: Task, engines: readonly Engine[]): [string, string][] {
  const settings = kind === 'inference' ? (engineOf(resolved, engines).settings as { extra_env?: unknown } | undefined) : undefined;
  const all = [
    resolved.command?.env,
    resolved.service?.env,
    ...Object.values(resolved.clients ?? {}).map(({ env }) => env),
    settings?.extra_env,
  ];
  return all.flatMap((env) =>
    Object.entries((env ?? {}) as Record<string, unknown>).flatMap(([name, value]): [string, string][] => {
      const variable = (value as { from_env?: unknown } | null)?.from_env;
      return typeof variable === 'string' ? [[name, variable]] : [];
    }),
  );
}
