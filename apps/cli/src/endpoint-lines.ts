import { minuteText } from '@bench/core';
import type { KeptDeployment } from '@bench/benchmark';
import { describeCommand, quote } from '@bench/host';
import { sshArgs, sshHostName } from './ssh-args.ts';
import type { Asked } from './asked.ts';
import { usdPerHour } from './ui/money.ts';
import { outFlag } from './run-commands.ts';

/** The local end of the first tunnel that a user opens. */
const FIRST_TUNNEL_PORT = 8000;

/** How a deployment that was left up is used, and how it is ended: commands to paste. The API key itself is never shown. */
export function endpointLines(
  kept: KeptDeployment,
  o: {
    asked: Asked;
    runId: string;
    out: string;
    /** How many of the run's were told before: each tunnel has a port of its own. Default 0. */
    before?: number;
  },
): string[] {
  const tunnelPort = FIRST_TUNNEL_PORT + (o.before ?? 0);
  const { endpoint } = kept;
  const ssh = o.asked.site.startsWith('ssh:');
  const remote = ssh || kept.rented !== undefined;
  const where = kept.rented?.name ?? (ssh ? kept.machine : 'this machine');
  const costs = costText(kept);
  const end = `end it with:  bench teardown ${o.runId}${outFlag(o.out)}`;
  if (!endpoint) return [staysText(kept, where), ...costs, end];
  const { port, scope, model } = endpoint;
  // A rented container is known by where it is reached from outside.
  const rentedAs = o.asked.cloud?.workload;
  const open = scope === 'public' || o.asked.expose === true;
  const host = open ? (rentedAs === 'container' ? endpoint.address : publicHost(endpoint.address, kept, ssh)) : '127.0.0.1';
  const base = remote && !open ? `http://127.0.0.1:${tunnelPort}` : `http://${host}:${port}`;
  return [
    `${kept.engine} stays up on ${where}${open ? `, open to the ${kept.rented === undefined ? 'network' : 'internet'}` : ''}`,
    ...costs,
    `model:        ${model}`,
    `base URL:     ${base}/v1`,
    ...(remote && !open
      ? [
          `open a tunnel first (it stays open until Ctrl-C):`,
          `  ${kept.rented === undefined ? describeCommand({ argv: tunnelArgs(kept.machine, { from: tunnelPort, to: port }, o.asked.ssh?.identities ?? []) }) : `bench vm ssh ${kept.rented.name} --forward ${tunnelPort}:127.0.0.1:${port}`}`,
        ]
      : []),
    ...(kept.apiKeyFile === null ? [] : [`API key in:   ${kept.apiKeyFile}`]),
    `ask it something:`,
    `  ${curl(base, endpoint, kept.apiKeyFile)}`,
    end,
  ];
}

function staysText({ engine, rented }: KeptDeployment, where: string): string {
  // Nothing of it runs any more.
  if (engine !== 'command') return `${engine} stays up on ${where}`;
  return rented === undefined ? `what the command left on ${where} stays there` : `${where} stays up, with what the command left there`;
}

/** What a rented machine that stays costs, and until when. */
function costText({ rented }: KeptDeployment): string[] {
  if (rented === undefined) return [];
  const until = minuteText(rented.until);
  return [`costs:        ${usdPerHour(rented.priceUsdPerHour)} at ${rented.provider}; kept until ${until} UTC, then bench gc ends it`];
}

function tunnelArgs(target: string, { from, to }: { from: number; to: number }, identities: readonly string[]): [string, ...string[]] {
  const keys = identities.flatMap((path) => ['-i', path]);
  return ['ssh', '-N', '-L', `${from}:127.0.0.1:${to}`, ...keys, ...sshArgs(target)];
}

function curl(base: string, endpoint: NonNullable<KeptDeployment['endpoint']>, apiKeyFile: string | null): string {
  const { model, api } = endpoint;
  const question = 'Say hello.';
  const [path, body] =
    api === 'embeddings'
      ? ['embeddings', { model, input: question }]
      : api === 'completions'
        ? ['completions', { model, prompt: question, max_tokens: 32 }]
        : ['chat/completions', { model, messages: [{ role: 'user', content: question }], max_tokens: 32 }];
  const argv = ['curl', `${base}/v1/${path}`, '-H', 'Content-Type: application/json', '-d', JSON.stringify(body)] as const;
  if (apiKeyFile === null) return describeCommand({ argv });
  // The key goes to curl on stdin: what is on a command line, every user of the machine can read.
  return `printf 'Authorization: Bearer %s' "$(cat ${quote(apiKeyFile)})" | ${describeCommand({ argv: [...argv, '-H', '@-'] })}`;
}

/** Where others reach it: a server that listens on all addresses is known by the name that the user calls it. */
function publicHost(address: string, { machine, rented }: KeptDeployment, ssh: boolean): string {
  if (!['0.0.0.0', '::', '127.0.0.1', ''].includes(address)) return address.includes(':') ? `[${address}]` : address;
  // `bench vm list` shows it.
  if (rented !== undefined) return `ADDRESS-OF-${rented.name}`;
  return ssh ? sshHostName(machine) : '127.0.0.1';
}
