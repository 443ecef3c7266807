import { Readable, Writable } from 'node:stream';
import type { Channel } from 'ssh2';

/**
 * ssh2's channels, as streams that behave: theirs cannot be destroyed with an error, never call back for what is written after the far
 * side has closed, and end as if whole when the connection is lost.
 */
export function readChannel(source: Readable): Readable {
  const own = new Readable({
    highWaterMark: 1 << 16,
    read: () => void source.resume(),
    destroy: (error, done) => {
      source.off('data', onData);
      source.resume(); // so that the channel can come to its end
      done(error);
    },
  });
  const onData = (chunk: Buffer) => {
    if (!own.push(chunk)) source.pause();
  };
  source.on('data', onData);
  source.once('end', () => {
    if (!own.destroyed) own.push(null);
  });
  own.on('error', () => undefined); // told by `exit` too; nobody need listen here
  return own;
}

/** See {@link readChannel}. Ending it sends EOF; the far side's output goes on. */
export function writeChannel(channel: Channel): Writable {
  let pending: ((error?: Error | null) => void) | null = null;
  let over = false;
  const own = new Writable({
    highWaterMark: 1 << 16,
    write: (chunk: Buffer, _encoding, done) => {
      if (over) return done(brokenPipe());
      pending = done;
      channel.write(chunk, (error) => {
        if (pending !== done) return;
        pending = null;
        done(error ?? null);
      });
    },
    final: (done) => {
      if (!over) channel.end();
      done();
    },
    destroy: (error, done) => {
      if (!own.writableFinished && !over) channel.end();
      over = true;
      done(error);
    },
  });
  own.on('error', () => undefined);
  channel.once('close', () => {
    over = true;
    const waiting = pending;
    pending = null;
    if (waiting) waiting(brokenPipe());
    else if (!own.writableEnded) own.destroy();
  });
  return own;
}

function brokenPipe(): NodeJS.ErrnoException {
  return Object.assign(new Error('the far side has closed its input'), { code: 'EPIPE' });
}
