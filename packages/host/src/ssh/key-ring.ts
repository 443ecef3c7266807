import { homedir } from 'node:os';
import { messageOf, type Io } from '@bench/core';
import type * as Ssh2 from 'ssh2';
import type { BaseAgent, ParsedKey } from 'ssh2';
import type { Asker } from './ask-once.ts';
import { readKeyFile, type KeyFile } from './key-files.ts';
import { fingerprint } from './known-hosts.ts';

type Hash = 'sha1' | 'sha256' | 'sha512' | undefined;

interface Candidate {
  label: string;
  key: ParsedKey;
  sign(data: Buffer, hash: Hash): Promise<Buffer>;
}

export interface KeyRing {
  /** For ssh2: offers the keys one after another, and reads a private key only once the server has said that it would take it. */
  readonly agent: BaseAgent<ParsedKey>;
  readonly size: number;
  /** What was offered, and what could not be and why: for the error when none was taken. */
  readonly tried: string[];
}

export interface KeyRingOptions {
  ssh2: typeof Ssh2;
  io: Io;
  asker: Asker | null;
  /** In order; those that do not exist are passed over. */
  files: readonly string[];
  /** Named by the user on purpose: a missing one is worth telling. */
  named: readonly string[];
  agentSocket: string | null;
  /** Of the agent, only keys that a file names. */
  identitiesOnly: boolean;
}

/**
 * Gathers keys in the order of OpenSSH: those of the files that the agent has too, others of the agent, then files only.
 * A passphrase is asked for when the server has accepted its key, and not before.
 */
export async function gatherKeys(options: KeyRingOptions): Promise<KeyRing> {
  const { ssh2, agentSocket, identitiesOnly } = options;
  const tried: string[] = [];
  const agent = agentSocket === null ? null : ssh2.createAgent(agentSocket);
  const held = agent === null ? [] : await agentKeys(ssh2, agent).catch((error: unknown) => (tried.push(`agent: ${messageOf(error)}`), []));
  const seen = new Set<string>();
  const inAgent: Candidate[] = [];
  const inFile: Candidate[] = [];
  for (const path of new Set([...options.named, ...options.files])) {
    const file = await readKeyFile(path);
    if (!file) {
      if (options.named.includes(path)) tried.push(`${shorten(path)}: no such file`);
      continue;
    }
    const parsed = await publicPart(file, options, tried);
    if (!parsed || seen.has(blob(parsed))) continue;
    seen.add(blob(parsed));
    const label = `${shorten(path)} (${parsed.type} ${fingerprint(parsed.getPublicSSH())})`;
    const same = held.find((key) => blob(key) === blob(parsed));
    if (same && agent)
      inAgent.push({ label: `${label}, by the agent`, key: same, sign: (data, hash) => agentSign(agent, same, data, hash) });
    else if (file.privateText !== null) inFile.push({ label, key: parsed, sign: (data, hash) => fileSign(file, data, hash, options) });
  }
  const others = identitiesOnly || !agent ? [] : held.filter((key) => !seen.has(blob(key)));
  const candidates = [
    ...inAgent,
    ...others.map((key): Candidate => {
      const label = `agent key "${key.comment}" (${key.type} ${fingerprint(key.getPublicSSH())})`;
      return { label, key, sign: (data, hash) => agentSign(agent as BaseAgent, key, data, hash) };
    }),
    ...inFile,
  ];
  tried.unshift(...candidates.map((candidate) => candidate.label));
  return { agent: agentOf(ssh2, candidates, tried), size: candidates.length, tried };
}

/** ssh2 asks an agent for keys and for signatures; ours has them from several places. */
function agentOf(ssh2: typeof Ssh2, candidates: readonly Candidate[], tried: string[]): BaseAgent<ParsedKey> {
  class Ring extends ssh2.BaseAgent<ParsedKey> {
    override getIdentities(done: (error?: Error | null, keys?: ParsedKey[]) => void): void {
      done(
        null,
        candidates.map((candidate) => candidate.key),
      );
    }
    override sign(...args: unknown[]): void {
      const [key, data, second, third] = args as [ParsedKey, Buffer, unknown, unknown];
      const reply = (typeof second === 'function' ? second : third) as (error: Error | null, signature?: Buffer) => void;
      const hash = typeof second === 'object' && second !== null ? (second as { hash?: Hash }).hash : undefined;
      const candidate = candidates.find((one) => one.key === key || blob(one.key) === blob(key));
      if (!candidate) return reply(new Error('this key was not offered'));
      candidate.sign(data, hash).then(
        (signature) => reply(null, signature),
        (error: unknown) => {
          tried.push(`${candidate.label}: accepted, but ${messageOf(error)}`);
          reply(error instanceof Error ? error : new Error(messageOf(error)));
        },
      );
    }
  }
  return new Ring();
}

/** The public key, asking for the passphrase only where nothing else tells (old PEM files without a `.pub`). */
async function publicPart(file: KeyFile, options: KeyRingOptions, tried: string[]): Promise<ParsedKey | null> {
  const { ssh2 } = options;
  if (file.publicKey) {
    const line = `${typeName(file.publicKey)} ${file.publicKey.toString('base64')}`;
    const parsed = ssh2.utils.parseKey(line);
    if (!(parsed instanceof Error)) return first(parsed);
    tried.push(`${shorten(file.path)}: ${typeName(file.publicKey)} is a kind of key that only the ssh program can use`);
    return null;
  }
  if (file.privateText === null) return null;
  try {
    return await privatePart(file, options);
  } catch (error) {
    tried.push(`${shorten(file.path)}: ${messageOf(error)}`);
    return null;
  }
}

async function privatePart(file: KeyFile, { ssh2, asker }: KeyRingOptions): Promise<ParsedKey> {
  const text = file.privateText ?? '';
  if (!file.encrypted) {
    const parsed = ssh2.utils.parseKey(text);
    if (parsed instanceof Error) throw new Error(`cannot be read as a key: ${parsed.message}`);
    return first(parsed);
  }
  if (!asker) throw new Error('it is encrypted, and there is nobody to ask for the passphrase (ssh-add it to an agent)');
  const question = `Passphrase for ${shorten(file.path)}`;
  const passphrase = await asker.ask({ text: question, secret: true });
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) {
    asker.forget(question);
    throw new Error('the passphrase was wrong');
  }
  return first(parsed);
}

async function fileSign(file: KeyFile, data: Buffer, hash: Hash, options: KeyRingOptions): Promise<Buffer> {
  const key = await privatePart(file, options);
  const signature: Buffer | Error = key.sign(data, hash);
  if (signature instanceof Error) throw signature;
  return signature;
}

function agentSign(agent: BaseAgent, key: ParsedKey, data: Buffer, hash: Hash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
      if (error || !signature) reject(error ?? new Error('the agent gave no signature'));
      else resolve(signature);
    });
  });
}

function agentKeys(ssh2: typeof Ssh2, agent: BaseAgent): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) return reject(error);
      const parsed = ((keys ?? []) as (ParsedKey | Buffer | string)[]).map((key) =>
        typeof key === 'string' || Buffer.isBuffer(key) ? ssh2.utils.parseKey(key) : key,
      );
      resolve(parsed.flatMap((key) => (key instanceof Error ? [] : [first(key)])));
    });
  });
}

const first = (parsed: ParsedKey | ParsedKey[]): ParsedKey => (Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed);
const blob = (key: ParsedKey): string => key.getPublicSSH().toString('base64');
const typeName = (key: Buffer): string => key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');

function shorten(path: string): string {
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
