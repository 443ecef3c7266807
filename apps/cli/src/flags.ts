import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { MAX_DISK_GB } from './max-disk.ts';

/** Flags of whatever deploys: which variants, and how hosts are used. */
export function askingFlags<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return sshFlags(
    command
      .option('--variant <name>', 'only this variant; repeatable', collect)
      .option('--filter <key=glob>', 'keep variants whose parameter matches; repeatable, all must match', collect)
      .option('--gpu <name>', 'only variants for this GPU')
      .addOption(
        new Option('--scale-out <how>', 'use spare GPUs of a host: more ranks of one engine, or more engines behind one port').choices([
          'data-parallel',
          'replicas',
        ] as const),
      )
      .option('--expose', 'let the endpoint face the network, behind a generated API key')
      .option('--model-dir <folder>', 'folder on the hosts for model weights (default: ~/.cache/bench/models)')
      .option('--node-image <image>', 'image in which load is sent on a host that has no Node (default: node:22-slim)'),
  ).option('--bootstrap', 'install what hosts of yours miss: Docker, GPU driver, container toolkit (never on this machine)');
}

/** Flags of whatever reaches hosts. */
export function sshFlags<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return command
    .option('--ssh-key <file>', 'private key to try first; repeatable', collect)
    .addOption(
      new Option('--ssh-transport <client>', 'ssh2 (built in), or the ssh program (default: auto)').choices([
        'auto',
        'ssh2',
        'system',
      ] as const),
    );
}

/** Repeatable flags that were not given are empty lists. */
export function withLists<T extends { filter?: string[] | undefined; variant?: string[] | undefined; sshKey?: string[] | undefined }>(
  flags: T,
) {
  return { ...flags, filter: flags.filter ?? [], variant: flags.variant ?? [], sshKey: flags.sshKey ?? [] };
}

export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

export function integer(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < min) throw new InvalidArgumentError(`expected a whole number from ${min} up.`);
    return value;
  };
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

/** A per cent as a share: `5%` is 0.05. */
export function percent(text: string): number {
  const value = Number(text.replace(/\s*%$/, ''));
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('expected a per cent: 5%.');
  return value / 100;
}

const MARKETS = ['on-demand', 'spot', 'flex', 'reserved'] as const;
const RENTED = 'Rented machines:';

function market(text: string, previous: (typeof MARKETS)[number][] | undefined): (typeof MARKETS)[number][] {
  const found = MARKETS.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${MARKETS.join(', ')}.`);
  return [...(previous ?? []), found];
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > 1)
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  return value;
}

function version(text: string): string {
  if (!/^\d+(\.\d+)*$/.test(text)) throw new InvalidArgumentError('expected a version: 12.4');
  return text;
}

/** A time as it was written, checked as far as help may load for. */
function time(text: string): string {
  if (!/^(\d+(\.\d+)?(s|min|m|h|d))+$/.test(text) || !/[1-9]/.test(text)) throw new InvalidArgumentError('expected a time: 30m, 4h.');
  return text;
}

export const CONFIG = 'settings file (default: the nearest bench.config.yaml, else ~/.config/bench/config.yaml)';

/** Where the settings file is. */
export function settingsFlag<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return command.option('--config <file>', CONFIG);
}

/** What a report or a history is priced with; `more` is said of `--price` besides. */
export function priceFlags<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>, more = '') {
  return settingsFlag(
    command.option(
      '--price <what=usd>',
      `what an hour would cost: h200=2.10 (a GPU), 8xh200=16 or machine:NAME=70 (a machine), partition:NAME=1.50; 1.95EUR; repeatable${more}`,
      collect,
    ),
  );
}

function diskGb(text: string): number {
  const value = positive(text);
  if (value > MAX_DISK_GB) throw new InvalidArgumentError(`expected at most ${MAX_DISK_GB} (GB).`);
  return value;
}

/** Flags of whatever looks at what is for rent. */
export function offerFlags<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return settingsFlag(
    command
      .optionsGroup(RENTED)
      .option('--provider <name>', 'only this provider; repeatable', collect)
      .option('--region <name>', 'only this region or zone; repeatable', collect)
      .option('--market <kind>', 'on-demand, spot, flex, reserved; repeatable (default: on-demand)', market)
      .option('--spot', 'machines that may be taken away at any time: --market spot')
      .option('--max-price <usd>', 'the most that a whole machine may cost an hour', positive)
      .option('--allow-unknown-price', 'take machines whose price nobody says in spite of a limit')
      .option('--disk <gb>', 'disk of a machine (default: 200)', diskGb)
      .addOption(
        new Option('--workload <kind>', 'rent an empty machine, or the engine’s container (default: vm; vast: container)').choices([
          'vm',
          'container',
        ] as const),
      )
      .option('--min-reliability <share>', 'share of the time that it was up, 0 to 1', share)
      .option('--verified', 'only machines that the seller has checked')
      .option('--country <code>', 'only this country, by ISO 3166 code or name; repeatable', collect)
      .option('--not-country <code>', 'not this country; repeatable', collect)
      .option('--min-cpus <n>', 'CPU cores', positive)
      .option('--min-memory <gb>', 'memory', positive)
      .option('--min-down <mbps>', 'download, megabits per second', positive)
      .option('--min-up <mbps>', 'upload, megabits per second', positive)
      .option('--min-cuda <version>', 'CUDA version that the driver can do', version)
      .option('--min-driver <version>', 'version of the GPU driver', version),
  );
}

/** Flags of whatever rents. */
export function rentFlags<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return offerFlags(command)
    .option('--max-cost <usd>', 'the most that the run may cost; it stops before', positive)
    .option('--image <name>', 'image of VMs, in the provider’s words (default: chosen by GPU)')
    .option('--lifetime <time>', 'how long a machine may live at the most (default: 4h; of one that is kept: --keep-for beside)', time)
    .option('--bid <usd>', 'the most that is bid an hour in an auction', positive)
    .option('--max-workers <n>', 'machines at once (default: 4)', integer(1))
    .option('--lease <time>', 'a machine ends itself when bench did not renew its lease for so long (default: 30m)', time)
    .option('--keep-for <time>', 'how long what is left up stays (default: 8h)', time);
}

/** The one confirmation. */
export function yesFlag<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return command.option('-y, --yes', 'do not ask before money is spent');
}
