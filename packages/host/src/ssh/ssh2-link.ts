import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { readChannel, writeChannel } from './channel-streams.ts';
import { messageOf } from '@bench/core';
import { lost, sshError } from './errors.ts';
import { forwardFailed } from './forward-error.ts';
import type { SessionOutcome, SshLink } from './link.ts';
import { connectSsh2, nameOf, type Ssh2Context } from './ssh2-connect.ts';
import type { ResolvedHost } from './resolve-host.ts';
import type { RemoteChannel } from './transport.ts';

/** A connection by the ssh2 library. */
export async function ssh2Link(host: ResolvedHost, context: Ssh2Context, signal: AbortSignal): Promise<SshLink> {
  const { client, end } = await connectSsh2(host, context, signal);
  const where = nameOf(host);
  const channels = new Set<{ onLost: () => void }>();
  let alive = true;
  let closing = false;
  let cause: unknown;
  let gone: () => void = () => {};
  const wholeEnd = new Promise<void>((resolve) => {
    gone = resolve;
  });
  client.on('error', (error) => {
    alive = false;
    cause ??= error;
  });
  client.on('end', () => {
    alive = false;
  });
  client.on('close', () => {
    alive = false;
    if (!closing)
      context.io.logger.log('debug', `${where}: connection closed`, { reason: cause === undefined ? 'by the server' : messageOf(cause) });
    // ssh2 ends the channels' streams after this event, as if all were well; they must not look whole.
    for (const channel of channels) channel.onLost();
    end();
    gone();
  });

  return {
    get alive() {
      return alive;
    },
    session(line) {
      return new Promise<SessionOutcome>((resolve, reject) => {
        const pending = { onLost: () => reject(lost(where, cause)) };
        if (!alive) return resolve({ kind: 'gone' });
        channels.add(pending);
        const done = () => channels.delete(pending);
        try {
          client.exec(line, (error: (Error & { reason?: unknown }) | undefined, channel) => {
            done();
            if (!error) {
              resolve({ kind: 'open', ...remoteChannel(channel, where, channels, () => cause) });
            } else if (!alive) reject(lost(where, cause ?? error));
            else if (error.reason !== undefined) resolve({ kind: 'refused', cause: error });
            else reject(sshError('SESSION', { message: `${where}: the server refused to run a command: ${error.message}`, cause: error }));
          });
        } catch {
          done();
          alive = false;
          resolve({ kind: 'gone' });
        }
      });
    },
    forward(to) {
      return new Promise((resolve, reject) => {
        if (!alive) return resolve(null);
        try {
          client.forwardOut('127.0.0.1', 0, to.host, to.port, (error: (Error & { reason?: unknown }) | undefined, channel) => {
            if (error) return reject(alive ? forwardFailed(where, to, error.message, error) : lost(where, cause ?? error));
            channel.on('error', () => undefined);
            const stream = Duplex.from({ readable: readChannel(channel), writable: writeChannel(channel) });
            stream.on('error', () => undefined);
            stream.once('close', () => channel.close());
            const entry = { onLost: () => stream.destroy(lost(where, cause)) };
            channels.add(entry);
            channel.once('close', () => channels.delete(entry));
            resolve(stream);
          });
        } catch {
          alive = false;
          resolve(null);
        }
      });
    },
    async close() {
      closing = true;
      alive = false;
      end();
      // A peer that does not answer must not hold us.
      const timer = setTimeout(() => {
        client.destroy();
        gone();
      }, 2000);
      await wholeEnd;
      clearTimeout(timer);
    },
  };
}

type Exit = Awaited<RemoteChannel['exit']>;

function remoteChannel(
  channel: ClientChannel,
  where: string,
  channels: Set<{ onLost: () => void }>,
  cause: () => unknown,
): { channel: RemoteChannel; over: Promise<void> } {
  const stdin = writeChannel(channel);
  const stdout = readChannel(channel);
  const stderr = readChannel(channel.stderr);
  let status: Exit | null = null;
  let givenUp = false;
  let giveUp: () => void = () => {};
  let overNow: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    overNow = resolve;
  });
  channel.on('error', () => undefined); // told by `exit`
  channel.stderr.on('error', () => undefined);
  channel.once('exit', (code: number | null, signal?: string) => {
    status = { code, signal: signal ?? null };
  });
  const exit = new Promise<Exit>((resolve, reject) => {
    giveUp = () => resolve({ code: null, signal: null });
    const entry = {
      onLost: () => {
        channels.delete(entry);
        overNow();
        const error = lost(where, cause());
        reject(error);
        for (const stream of [stdin, stdout, stderr]) stream.destroy(givenUp ? undefined : error);
      },
    };
    channels.add(entry);
    // Comes after the last byte of output has been read off the channel.
    channel.once('close', () => {
      channels.delete(entry);
      overNow();
      if (status !== null) resolve(status);
      else reject(lost(where, cause()));
    });
  });
  exit.catch(() => undefined); // whoever waits for it is told
  const close = () => {
    if (givenUp) return;
    givenUp = true;
    giveUp();
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    channel.close();
  };
  return { channel: { stdin, stdout, stderr, exit, close }, over };
}
