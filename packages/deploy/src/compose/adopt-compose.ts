import { posix } from 'node:path';
import type { Engine } from '@bench/recipe';
import type { Deployment, TargetContext } from '../contract.ts';
import type { ComposeRecord } from './compose-record.ts';
import { endAmong } from './watch-containers.ts';
import { askHealth } from './health.ts';
import { liveDeployment, reach } from './live-deployment.ts';
import { keyIn, KEY_FILE } from './render-nginx.ts';
import { endSession, observe, openSession, type Session, watched } from './session.ts';

/** Takes over what another process started, when all of it is up and healthy; else ends what is left of it and answers null. */
export async function adoptCompose(record: ComposeRecord, context: TargetContext, engines: readonly Engine[]): Promise<Deployment | null> {
  const session = openSession(record, context);
  const engine = engines.find(({ name }) => name === record.engine.name);
  const live = engine ? await takeOver(session, engine, context) : null;
  if (live === null) await endSession(session);
  return live;
}

async function takeOver(session: Session, engine: Engine, context: TargetContext): Promise<Deployment | null> {
  const { record, project, io } = session;
  if (endAmong(await project.ps(), watched(record)) !== null) return null;
  const apiKey = record.exposed ? await readKey(session) : undefined;
  if (apiKey === null) return null;
  const connection = await reach(session, engine, apiKey);
  try {
    const signal = context.signal ?? io.signal;
    const answers = await Promise.all(record.engines.map(({ healthPath }) => askHealth(connection, healthPath, io, signal)));
    if (answers.some((answer) => answer !== null)) {
      await connection.close();
      return null;
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
  return liveDeployment({ session, connection, observers: observe(session, engine, context, { since: '0s' }), phases: [] });
}

async function readKey({ host, record }: Session): Promise<string | null> {
  const { code, stdout } = await host.exec(
    { script: 'cat -- "$1"', args: [posix.join(record.hostDir, KEY_FILE)] },
    { timeoutMs: 30_000, repeatable: true },
  );
  return code === 0 ? keyIn(stdout) : null;
}
