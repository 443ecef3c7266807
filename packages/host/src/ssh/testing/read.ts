import { createIo, type Io, type LogLevel } from '@bench/core';
import type { SshTransport } from '../transport.ts';

/** All of a stream, as text. */
export async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

export interface Ran {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: string | null;
}

/** Runs a line to its end. */
export async function runLine(transport: SshTransport, line: string, input = ''): Promise<Ran> {
  const channel = await transport.open(line);
  channel.stdin.end(input);
  const [stdout, stderr, exit] = await Promise.all([textOf(channel.stdout), textOf(channel.stderr), channel.exit]);
  return { stdout, stderr, ...exit };
}

/** The real Io without an environment, that keeps what was logged. */
export function listeningIo(env: Record<string, string> = {}): { io: Io; logged: { level: LogLevel; message: string }[] } {
  const logged: { level: LogLevel; message: string }[] = [];
  return { io: createIo({ env, logger: { log: (level, message) => logged.push({ level, message }) } }), logged };
}
