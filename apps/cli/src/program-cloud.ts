import type { Command } from '@commander-js/extra-typings';
import { askingFlags, integer, offerFlags, rentFlags, settingsFlag, sshFlags, withLists, yesFlag } from './flags.ts';

/** Commands that have to do with machines that are rented. */
export function addCloudCommands(program: Command, result: { code: number }): void {
  rentFlags(
    askingFlags(
      program
        .command('plan')
        .description('what a run on rented machines would take: groups, offers, hours and dollars; nothing is rented')
        .argument('<recipe...>', 'recipe folders or files'),
    )
      .option('--on <site>', 'cloud, or a provider', 'cloud')
      .option('--offline', 'ask nobody: offers and prices as they were last seen')
      .option('--json', 'print as JSON'),
  ).action(async (recipes, options) => {
    result.code = await (await import('./commands/plan.ts')).plan(recipes, withLists(options));
  });

  offerFlags(
    sshFlags(
      program
        .command('offers')
        .description('what is for rent now, best first; and what the partitions of a cluster have')
        .option('--gpu <name>', 'GPU by any name that bench knows (bench gpus)')
        .option('--count <n>', 'GPUs of the machine (default: 1)', integer(1))
        .option('--all', 'show all that fit'),
    ).option('--json', 'print as JSON'),
  ).action(async (options) => {
    result.code = await (await import('./commands/offers.ts')).offers(options);
  });

  settingsFlag(
    sshFlags(
      program
        .command('gpus')
        .description('the GPUs that bench knows, under which names, and who rents them from which price')
        .option('--offline', 'ask nobody'),
    ).option('--json', 'print as JSON'),
  ).action(async (options) => {
    result.code = await (await import('./commands/gpus.ts')).gpus(options);
  });

  settingsFlag(
    sshFlags(
      program
        .command('check')
        .description('check credentials, balance and quota of every provider, and say how to mend what is missing')
        .argument('[provider...]', 'only these'),
    ).option('--json', 'print as JSON'),
  ).action(async (providers, options) => {
    result.code = await (await import('./commands/check.ts')).check(providers, options);
  });

  program
    .command('ledger')
    .description('list the rented machines that may cost money')
    .option('--all', 'those that are gone too')
    .option('--json', 'print as JSON')
    .action(async (options) => {
      result.code = await (await import('./commands/ledger.ts')).ledger(options);
    });

  settingsFlag(
    program
      .command('gc')
      .description('end rented machines of yours that nothing holds any more; list those of others')
      .option('--dry-run', 'only say what would be ended')
      .option('--owner <id>', 'end what this owner has, too')
      .option('--expired', 'end what others have past its expiry, too')
      .option('--json', 'print as JSON'),
  ).action(async (options) => {
    result.code = await (await import('./commands/gc.ts')).gc(options);
  });

  settingsFlag(
    program
      .command('plugins')
      .description('list the plugins that the settings name, what they bring, and what is wrong with them')
      .option('--json', 'print as JSON'),
  ).action(async (options) => {
    result.code = await (await import('./commands/plugins.ts')).plugins(options);
  });

  addVmCommands(program, result);
}

function addVmCommands(program: Command, result: { code: number }): void {
  const vm = program.command('vm').description('rent a machine for yourself, and give it back');
  rentFlags(
    yesFlag(
      vm
        .command('create')
        .description('rent a machine, and print how to reach it; it is kept for --keep-for')
        .option('--gpu <name>', 'GPU by any name that bench knows (default: a machine without a GPU will do)')
        .option('--count <n>', 'GPUs of the machine (default: 1)', integer(1))
        .option('--on <site>', 'cloud, or a provider', 'cloud')
        .option('--dry-run', 'print what would be sent; connect to nothing and do nothing')
        .option('--json', 'print as JSON'),
    ),
  ).action(async (options) => {
    result.code = await (await import('./commands/vm-create.ts')).vmCreate(options);
  });
  settingsFlag(
    vm.command('list').description('list machines of yours, as their providers see them').option('--json', 'print as JSON'),
  ).action(async (options) => {
    result.code = await (await import('./commands/vm.ts')).vmList(options);
  });
  const actions = [
    ['delete', 'end a machine for good'],
    ['start', 'start a machine that was stopped'],
    ['stop', 'stop a machine; its disk may go on costing'],
    ['reboot', 'restart a machine'],
  ] as const;
  for (const [action, description] of actions)
    settingsFlag(
      vm
        .command(action)
        .description(description)
        .argument('<name>', 'name of the machine (bench ledger)')
        .option('--dry-run', 'only say what would be done; connect to nothing')
        .option('--json', 'print as JSON'),
    ).action(async (name, options) => {
      result.code = await (await import('./commands/vm.ts')).vmAct(action, name, options);
    });
  settingsFlag(
    vm
      .command('ssh')
      .description('log in, or run a command: bench vm ssh NAME -- nvidia-smi')
      .argument('<name>', 'name of the machine (bench ledger)')
      .argument('[command...]', 'command and its arguments')
      .option('-L, --forward <port:host:port>', 'a port of this machine that leads there, as ssh -L; without a command, nothing else'),
  ).action(async (name, command, options) => {
    result.code = await (await import('./commands/vm-ssh.ts')).vmSsh(name, command, options);
  });
}
