import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readJournal, type RunView, runPaths } from '@bench/results';

/** A log in a run directory, and what its lines are told apart by. */
export interface LogFile {
  label: string;
  path: string;
}

/**
 * Logs of a run, or of what one variant ran on: those of its deployments, oldest first; where these have none, those of the recipe's own
 * clients and commands. Of a whole run, those of its groups that had machines rented for them come first.
 */
export async function logFiles(view: Pick<RunView, 'dir' | 'run'>, variant: string | null): Promise<LogFile[]> {
  const all = await deployments(view.dir);
  const wanted = variant === null ? null : await deploymentsOf(view, variant);
  const own = wanted === null ? all : all.filter((id) => wanted.has(id));
  const found = (await Promise.all(own.map(async (id) => inFolder(runPaths.deployment(view.dir, id), id)))).flat();
  const logs = found.length > 0 ? found : await clientLogs(view, variant);
  // What is asked of one variant is what it ran on; a machine is rented for a group.
  return variant === null ? [...(await groupLogs(view.dir)), ...logs] : logs;
}

/** Of the groups that had machines rented for them. */
async function groupLogs(dir: string): Promise<LogFile[]> {
  const folder = join(dir, 'groups');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log')).sort(byNumber);
  return names.map((name) => ({ label: `group ${basename(name, '.log')}`, path: join(folder, name) }));
}

/** Tasks of a run that a user means by a variant's name, or by `recipe/variant`. */
export function tasksNamed(view: Pick<RunView, 'run'>, variant: string | null) {
  return view.run.tasks.filter((task) => variant === null || task.variant === variant || `${task.recipe}/${task.variant}` === variant);
}

/** Every deployment that was made for a variant, also one that did not come up. */
export async function deploymentsOf(view: Pick<RunView, 'dir' | 'run'>, variant: string): Promise<Set<string>> {
  const keys = new Set(tasksNamed(view, variant).map((task) => task.deploymentKey));
  const { events } = await readJournal(runPaths.journal(view.dir), { missing: 'empty' });
  return new Set(events.flatMap((event) => (event.type === 'deployment_planned' && keys.has(event.key) ? [event.deployment] : [])));
}

async function deployments(dir: string): Promise<string[]> {
  const names = await readdir(dirname(runPaths.deployment(dir, 'x'))).catch(() => []);
  return names.sort(byNumber);
}

async function inFolder(folder: string, id: string): Promise<LogFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log')).sort(byNumber);
  return names.map((name) => ({ label: names.length === 1 ? id : `${id} ${basename(name, '.log')}`, path: join(folder, name) }));
}

async function clientLogs(view: Pick<RunView, 'dir' | 'run'>, variant: string | null): Promise<LogFile[]> {
  const found = await Promise.all(
    tasksNamed(view, variant).map(async ({ recipe, variant: name }) => {
      const folder = runPaths.task(view.dir, recipe, name);
      const paths = await readdir(folder, { recursive: true }).catch(() => []);
      return paths
        .filter((path) => path.endsWith('.log'))
        .sort(byNumber)
        .map((path) => ({ label: `${name} ${path.replace(/^attempts\/|points\/|\.log$/g, '')}`, path: join(folder, path) }));
    }),
  );
  return found.flat();
}

/** `d2` before `d10`, and `engine.log` before `engine-1.log`. */
function byNumber(a: string, b: string): number {
  return a.replace(/\.log$/, '').localeCompare(b.replace(/\.log$/, ''), 'en', { numeric: true });
}
