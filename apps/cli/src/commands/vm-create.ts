import { diskUsdPerHour, EXIT, formatDuration, minuteText, usd } from '@bench/core';
import { wantedOf } from '@bench/planner';
import { acquire, expectedPrice, findOffers, nothingFits } from '@bench/provisioning';
import { describeCommand } from '@bench/host';
import { newRunId } from '@bench/results';
import { siteOf, usage } from '../asked.ts';
import { cloudSettings, withCloud } from '../cloud-access.ts';
import { askedCloud, type RentFlags } from '../cloud-flags.ts';
import { keptLimits } from '../kept-limits.ts';
import { afterwardsText, leaveTimer } from '../leave-timer.ts';
import { confirmSpending } from '../confirm.ts';
import { refuseUnknownGpu } from '../known-gpu.ts';
import { withContext } from '../context.ts';
import { rentalSteps } from '../dry-run/rental-steps.ts';
import { offerPrice, usdPerHour } from '../ui/money.ts';
import { Progress } from '../ui/progress.ts';
import { offerText, showRenting } from '../ui/rent-lines.ts';
import { styles } from '../ui/style.ts';
import { rentedSshArgs } from './vm-ssh.ts';

export type VmCreateFlags = RentFlags & {
  gpu?: string | undefined;
  count?: number | undefined;
  on: string;
  config?: string | undefined;
  yes?: true | undefined;
  dryRun?: true | undefined;
  json?: true | undefined;
};

/** `bench vm create`. */
export function vmCreate(flags: VmCreateFlags): Promise<number> {
  if (flags.maxWorkers !== undefined) throw usage('--max-workers is for runs: this rents one machine');
  if (flags.workload === 'container') throw usage('a container is what a run deploys', 'bench deploy vast RECIPE');
  refuseUnknownGpu(flags.gpu);
  return withContext(
    async (context) => {
      const { io, signal } = context;
      const settings = await cloudSettings(flags, signal);
      const site = siteOf(flags.on, { providerNames: settings.factories.map((f) => f.name) });
      if (site.kind !== 'cloud') throw usage(`"${flags.on}" rents no machines`, '--on cloud, or the name of a provider');
      const asked = askedCloud({ ...flags, workload: 'vm' }, { site: site.providers, settings, keeps: 'machine' });
      if (flags.gpu === undefined && asked.maxPriceUsdPerHour === null)
        throw usage(
          'no GPU was named, so bench does not know what to rent',
          '--gpu h200, or --max-price USD for the cheapest machine below it',
        );
      const limits = keptLimits(asked);
      const keptFor = formatDuration(limits.keepS * 1000);
      const wanted = wantedOf({ gpu: flags.gpu ?? null, count: flags.count ?? 1 }, limits);
      if (flags.dryRun) {
        const planned = await rentalSteps({ settings, wanted, io });
        process.stdout.write(flags.json ? `${JSON.stringify(planned.json, null, 1)}\n` : planned.text);
        return planned.exitCode;
      }
      return withCloud({ io, settings, only: limits.providers, need: true }, async ({ ledger, providers }) => {
        const style = styles(process.stderr);
        const found = await findOffers({ wanted, providers, io });
        const { candidates } = found;
        const [best] = candidates;
        if (!best)
          throw nothingFits({
            found,
            wanted,
            closed: providers.closed,
            ...(asked.maxCostUsd === null
              ? {}
              : {
                  hint: `bench offers shows what there is; ${usd(asked.maxCostUsd)} for ${keptFor} is ${usdPerHour(limits.maxPriceUsdPerHour)}: raise --max-cost, or keep it for less time: --keep-for`,
                }),
          });
        const price = expectedPrice(best, limits);
        const inAll = price === null ? null : price * (limits.keepS / 3600);
        const least = price !== null && diskUsdPerHour({ ...best, diskGb: limits.diskGb }) === null ? 'at least ' : '';
        await confirmSpending({
          context,
          yes: flags.yes === true,
          question: 'rent it?',
          lines: [
            `this rents ${offerText(best, limits)}`,
            candidates.length > 1 ? style.dim(`and if it cannot be had, the next of ${candidates.length - 1} more that fit`) : '',
            `it is kept for ${keptFor}: ${inAll === null ? 'what that costs is not known' : `${least}${usd(inAll)} in that time`}; limit: ${limits.maxPriceUsdPerHour === null ? 'none' : usdPerHour(limits.maxPriceUsdPerHour)}`,
          ].filter((line) => line !== ''),
        });
        const progress = new Progress({ stream: process.stderr, style, clock: io.monotonic });
        context.screen = progress;
        const show = showRenting(progress, { style, clock: io.monotonic, limits });
        const run = newRunId(io.random);
        try {
          const rented = await acquire(wanted, {
            ledger,
            providers,
            io,
            run,
            runDir: null,
            on: (event) => {
              if (event.type === 'renting')
                context.leaves = `${event.name} may cost money at ${event.offer.provider}; end it with: bench gc`;
              if (event.type === 'gone') context.leaves = null;
              show(event);
            },
          });
          const { provider, factory } = providers.get(rented.ref.provider);
          let until = new Date(0);
          let timer = false;
          try {
            progress.status(() => `${rented.name}: waiting until it lets us in`);
            const host = await rented.connect();
            try {
              until = untilOf(limits.keepS, {
                now: io.now(),
                expiresAt: rented.expiresAt,
              });
              const keepS = Math.max(1, (until.getTime() - io.now()) / 1000);
              timer = await leaveTimer({ host, rented, providers, leaseS: limits.leaseS, keepS, io });
            } finally {
              await host.close();
            }
            await rented.keep(until);
          } catch (error) {
            await rented.end('it could not be reached');
            throw error;
          }
          rented.release();
          context.leaves = null;
          progress.close();
          const { connection } = rented;
          const ssh =
            connection === null ? null : describeCommand({ argv: ['ssh', ...rentedSshArgs({ ledger, name: rented.name, connection })] });
          if (flags.json)
            process.stdout.write(
              `${JSON.stringify({ name: rented.name, machine: rented.machine(), keptUntil: until.toISOString(), timer, ssh }, null, 1)}\n`,
            );
          else
            process.stdout.write(
              [
                `${rented.name} is yours until ${minuteText(until.toISOString())} UTC, ${offerPrice({ ...rented.offer, priceUsdPerHour: rented.machine().priceUsdPerHour ?? expectedPrice(rented.offer, { ...limits, diskGb: 0 }) }, { ...limits, bidUsdPerHour: null })}`,
                `log in:       bench vm ssh ${rented.name}`,
                ...(ssh === null ? [] : [`or:           ${ssh}`]),
                `end it with:  bench vm delete ${rented.name}`,
                style.dim(
                  afterwardsText({
                    title: factory.title,
                    capabilities: factory.capabilities,
                    timer,
                    selfDestructs: Boolean(provider.selfDestruct?.(rented.ref)),
                  }),
                ),
                '',
              ].join('\n'),
            );
          return EXIT.ok;
        } finally {
          progress.close();
        }
      });
    },
    { stopText: 'what was rented is ended; again ends bench at once' },
  );
}

/** Not later than its provider ends it. */
function untilOf(keepS: number, o: { now: number; expiresAt: string | null }): Date {
  const until = o.now + keepS * 1000;
  return new Date(o.expiresAt === null ? until : Math.min(until, Date.parse(o.expiresAt)));
}
