import { once } from 'node:events';
import { BenchError, EXIT, messageOf, writeAtomic } from '@bench/core';
import { startTestServer, summarizeTruth, type TestServer, type TestServerOptions } from '@bench/loadgen/testing';
import { usage } from '../asked.ts';
import { withContext } from '../context.ts';
import { drawnFlag } from '../drawn-flag.ts';
import { durationFlag } from '../duration-flag.ts';
import { faultFlag } from '../fault-flag.ts';
import { styles } from '../ui/style.ts';
import { truthText } from '../ui/truth-text.ts';

export interface MockFlags {
  host: string;
  port: number;
  model: string;
  seed: number;
  ttft: string;
  itl: string;
  tokensPerChunk: string;
  slots?: number | undefined;
  /** `--no-role` makes it false. */
  role: boolean;
  reasoning: number;
  usage: 'asked' | 'always' | 'never';
  prefixCache?: number | undefined;
  stopAfter?: number | undefined;
  crlf?: true | undefined;
  pieces?: number | undefined;
  splitUtf8?: true | undefined;
  coalesce?: true | undefined;
  dropAfterAnswer?: true | undefined;
  readRate?: number | undefined;
  fault: string[];
  faultAfter: number;
  pause: string;
  truth?: string | undefined;
  json?: true | undefined;
}

/** `bench mock-engine`. It serves until it is stopped, and then has done what it was asked for. */
export function mockEngine(flags: MockFlags): Promise<number> {
  return withContext(
    async ({ signal }) => {
      const options = serverOptions(flags);
      const server = await listen(options);
      try {
        process.stderr.write(`mock engine at ${server.url} (Ctrl-C ends it)\n`);
        if (!signal.aborted) await once(signal, 'abort');
        // Before it closes: what is in flight is still open then.
        const requests = server.truth();
        const summary = summarizeTruth(requests);
        process.stdout.write(flags.json ? `${JSON.stringify(summary, null, 1)}\n` : truthText(summary, styles(process.stdout)));
        if (flags.truth !== undefined) await writeTruth(flags.truth, JSON.stringify({ options, summary, requests }));
      } finally {
        await server.close();
      }
      return EXIT.ok;
    },
    { stopText: null },
  );
}

function serverOptions(flags: MockFlags): TestServerOptions {
  const times = { after: flags.faultAfter, pauseMs: durationFlag('--pause', flags.pause) };
  return {
    host: flags.host,
    port: flags.port,
    model: flags.model,
    seed: flags.seed,
    ttftMs: drawnFlag('--ttft', flags.ttft, durationFlag),
    gapMs: drawnFlag('--itl', flags.itl, durationFlag),
    tokensPerChunk: drawnFlag('--tokens-per-chunk', flags.tokensPerChunk, tokens),
    reasoningTokens: flags.reasoning,
    usage: flags.usage,
    ...(flags.role ? {} : { roleEvent: false }),
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    ...(flags.prefixCache === undefined ? {} : { cachedTokens: { blockTokens: flags.prefixCache } }),
    ...(flags.stopAfter === undefined ? {} : { stopAfter: flags.stopAfter }),
    ...(flags.crlf ? { lineEnd: '\r\n' as const } : {}),
    ...(flags.pieces === undefined ? {} : { pieces: flags.pieces }),
    ...(flags.splitUtf8 ? { splitCharacters: true } : {}),
    ...(flags.coalesce ? { coalesce: true } : {}),
    ...(flags.dropAfterAnswer ? { dropAfterAnswer: true } : {}),
    ...(flags.readRate === undefined ? {} : { readBytesPerS: flags.readRate }),
    faults: flags.fault.map((text) => faultFlag(text, times)),
  };
}

function tokens(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 1) throw usage(`${flag}: "${text}" is not a number from 1 up`);
  return value;
}

async function listen(options: TestServerOptions): Promise<TestServer> {
  try {
    return await startTestServer(options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const inUse = code === 'EADDRINUSE';
    throw new BenchError({
      code: inUse ? 'BENCH_PORT_IN_USE' : 'BENCH_LISTEN',
      message: `cannot listen on ${options.host}:${options.port}: ${messageOf(cause)}`,
      hint: inUse ? '--port chooses another, and --port 0 any that is free' : 'see --host and --port',
      cause,
      exitCode: EXIT.missingPart,
    });
  }
}

async function writeTruth(file: string, text: string): Promise<void> {
  try {
    await writeAtomic(file, text);
  } catch (cause) {
    throw new BenchError({ code: 'BENCH_TRUTH', message: `cannot write ${file}: ${messageOf(cause)}`, cause, exitCode: EXIT.missingPart });
  }
}
