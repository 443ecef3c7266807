import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex, PassThrough, type Writable } from 'node:stream';
import { execa } from 'execa';
import { lost, sshError } from './errors.ts';
import { forwardFailed } from './forward-error.ts';
import type { SessionOutcome, SshLink } from './link.ts';
import type { ResolvedHost } from './resolve-host.ts';
import { endMaster, startMaster, type SystemContext } from './system-master.ts';
import { formatTarget } from './target.ts';
import type { RemoteChannel } from './transport.ts';

type Exit = Awaited<RemoteChannel['exit']>;

/** What ssh logs (at `debug1` and `debug2`) as the client of a master: mux.c of OpenSSH, 6 to 10. */
const OPENED = /mux_client_request_(?:session|stdio_fwd): master session id/;
const REFUSED = /Session open refused|request failed/;
const EXITED = /Received exit status from master (\d+)/;

/** A connection by the system's ssh: a master in the background, and one ssh for each session that goes through it. */
export async function systemLink(host: ResolvedHost, context: SystemContext, generation: number, signal: AbortSignal): Promise<SshLink> {
  const socket = await startMaster(host, context, generation, signal);
  const where = formatTarget({ user: host.user, host: host.hostName, port: host.port });
  context.io.logger.log('debug', `${where}: connected by the system's ssh`);
  let alive = true;
  let count = 0;

  const masterAnswers = async () => {
    const result = await execa('ssh', ['-F', 'none', '-S', socket, '-O', 'check', '--', 'master'], {
      reject: false,
      stdin: 'ignore',
      timeout: 5000,
    });
    return result.exitCode === 0;
  };

  /** An ssh that can do nothing but go through the master: the way of its own that it would fall back to is barred. */
  const client = (...words: string[]) => {
    count += 1;
    const logFile = join(context.folder, `s${generation}-${count}`);
    const args = ['-F', 'none', '-S', socket, '-T', '-E', logFile];
    for (const option of ['ControlMaster=no', 'BatchMode=yes', 'ProxyCommand=false', 'LogLevel=DEBUG2']) args.push('-o', option);
    const child = execa('ssh', [...args, ...words], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      buffer: false,
      reject: false,
      detached: true,
    });
    child.stdin.on('error', () => undefined); // EPIPE: told by the exit
    // At once: what a child has written when it ends is thrown away if nobody reads.
    const stdout = child.stdout.pipe(new PassThrough());
    const stderr = child.stderr.pipe(new PassThrough());
    const ended = new Promise<string>((resolve) => {
      const finish = async () => {
        const log = await readFile(logFile, 'utf8').catch(() => '');
        await rm(logFile, { force: true });
        resolve(log);
      };
      child.once('close', () => void finish());
      child.once('error', () => void finish());
    });
    // Not before its streams are read to the end: `exited` is earlier.
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    return { child, stdout, stderr, logFile, ended, exited };
  };

  /** Waits until the master has opened the session, or the client has given up. Null: it is open. */
  const opening = async ({ logFile, exited, ended, stdout, stderr }: ReturnType<typeof client>): Promise<string | null> => {
    let over = false;
    void exited.then(() => {
      over = true;
    });
    for (let wait = 3; ; wait = Math.min(wait * 1.3, 25)) {
      const last = over;
      const text = await readFile(logFile, 'utf8').catch(() => '');
      if (OPENED.test(text)) return null;
      if (last) {
        // It may have ended so quickly that its log is gone already.
        if (text !== '') for (const stream of [stdout, stderr]) stream.resume();
        const log = await ended;
        return OPENED.test(log) ? null : log;
      }
      await context.io.sleep(wait);
    }
  };

  return {
    get alive() {
      return alive;
    },
    async session(line) {
      if (!alive) return { kind: 'gone' };
      const one = client('--', 'master', line);
      const failed = await opening(one);
      if (failed !== null) {
        if (REFUSED.test(failed))
          return {
            kind: 'refused',
            cause: new Error(
              failed
                .trim()
                .split('\n')
                .find((text) => REFUSED.test(text)),
            ),
          };
        if (await masterAnswers()) throw sshError('SESSION', { message: `${where}: ssh could not open a session`, cause: failed });
        alive = false;
        return { kind: 'gone' };
      }
      return { kind: 'open', channel: remoteChannel(one), over: one.ended.then(() => undefined) } satisfies SessionOutcome;
    },
    async forward(to) {
      if (!alive) return null;
      const one = client('-W', to.host.includes(':') ? `[${to.host}]:${to.port}` : `${to.host}:${to.port}`, '--', 'master');
      one.stderr.resume();
      const failed = await opening(one);
      if (failed !== null) {
        if (REFUSED.test(failed)) throw forwardFailed(where, to, 'the far side refused', failed);
        if (await masterAnswers()) throw forwardFailed(where, to, 'ssh could not open a stream', failed);
        alive = false;
        return null;
      }
      const stream = Duplex.from({ readable: one.stdout, writable: one.child.stdin });
      stream.on('error', () => undefined);
      stream.once('close', () => void one.child.kill('SIGTERM'));
      return stream;
    },
    async close() {
      alive = false;
      await endMaster(socket);
    },
  };

  function remoteChannel({ child, stdout, stderr, ended }: ReturnType<typeof client>): RemoteChannel {
    let givenUp = false;
    const stdin: Writable = child.stdin;
    let giveUp: () => void = () => {};
    const abandoned = new Promise<Exit>((resolve) => {
      giveUp = () => resolve({ code: null, signal: null });
    });
    const status = ended.then(async (log): Promise<Exit> => {
      const code = EXITED.exec(log)?.[1];
      if (code !== undefined) return { code: Number(code), signal: null };
      if (givenUp) return { code: null, signal: null };
      // No status: the command was ended by a signal (ssh does not say which), or the connection is gone.
      if (await masterAnswers()) return { code: null, signal: null };
      alive = false;
      throw lost(where, log.trim().split('\n').at(-1));
    });
    const exit = Promise.race([status, abandoned]);
    exit.catch(() => undefined); // whoever waits for it is told
    return {
      stdin,
      stdout,
      stderr,
      exit,
      close: () => {
        givenUp = true;
        giveUp();
        child.kill('SIGTERM');
        for (const stream of [stdin, stdout, stderr]) stream.destroy();
      },
    };
  }
}
