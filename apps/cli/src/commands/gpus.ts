import { EXIT, type GpuModel, GPUS, printable } from '@bench/core';
import { wantedOf } from '@bench/planner';
import { expectedPrice, findOffers, type FoundOffers, type Market, type Offer } from '@bench/provisioning';
import { cloudSettings, withProviders } from '../cloud-access.ts';
import { askedCloud } from '../cloud-flags.ts';
import { withContext } from '../context.ts';
import { queueOffers, queuesOf } from '../queue-offers.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';
import { columns } from '../ui/columns.ts';
import { usdPerHour } from '../ui/money.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

/** What prices are reckoned with. */
const DISK_GB = 50;

interface Seller {
  provider: string;
  /** Names that the provider has for it. */
  names: string[];
  counts: number[];
  /** The lowest price of one GPU that is no bid, dollars an hour. Null: nobody says. */
  fromUsdPerGpuHour: number | null;
  /** The same by market, on demand first. `byBid`: what the lowest bid that is taken would cost; others may outbid it. */
  markets: { market: Market; byBid: boolean; fromUsdPerGpuHour: number | null }[];
}

const MARKETS: readonly Market[] = ['on-demand', 'reserved', 'spot', 'flex'];

export interface GpusFlags extends SshFlags {
  offline?: true | undefined;
  config?: string | undefined;
  json?: true | undefined;
}

/** `bench gpus`. */
export function gpus(flags: GpusFlags): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      const offers: Offer[] = [];
      const notes: string[] = [];
      if (!flags.offline) {
        const settings = await cloudSettings(flags, signal);
        await withProviders({ io, settings }, async (providers) => {
          for (const closed of providers.closed) notes.push(`not asked: ${closed.name}: ${closed.reason}`);
          const limitsOf = (workload: 'vm' | 'container') =>
            askedCloud({ workload, market: ['on-demand', 'spot', 'flex'] }, { site: null, settings: { cloud: {}, providers: {} } });
          const note = (found: Pick<FoundOffers, 'errors'>) => {
            for (const { error } of found.errors)
              if (!notes.includes(`not asked: ${error.message}`)) notes.push(`not asked: ${error.message}`);
          };
          const queues = queuesOf(providers, null);
          const queued = await queueOffers({ gpu: null, count: 1, limits: limitsOf('vm'), queues, providers, io });
          offers.push(...queued.candidates);
          note(queued);
          for (const workload of ['vm', 'container'] as const) {
            const limits = limitsOf(workload);
            const found = await findOffers({ wanted: wantedOf({ gpu: null, count: 1 }, { ...limits, diskGb: DISK_GB }), providers, io });
            // Of a machine of any kind that has no price nobody would rent; it is sold all the same.
            const unpriced = found.refused.filter(({ reason }) => reason === 'its price is not known').map(({ offer }) => offer);
            offers.push(...found.candidates, ...unpriced);
            note(found);
          }
        });
      }
      const rows = GPUS.map((gpu) => ({
        id: gpu.id,
        vendor: gpu.vendor,
        memoryGb: gpu.memoryGb,
        formFactor: gpu.formFactor,
        names: gpu.names,
        sellers: sellersOf(gpu, offers),
      }));
      if (flags.json) {
        process.stdout.write(`${JSON.stringify({ gpus: rows, notes }, null, 1)}\n`);
        return EXIT.ok;
      }
      const style = styles(process.stdout);
      const online = !flags.offline;
      const header = ['GPU', 'MEMORY', 'FORM', ...(online ? ['FOR RENT (ONE GPU, FROM)'] : []), 'NAMES'];
      const table = rows.map((row) => [
        row.id,
        `${row.memoryGb} GB`,
        row.formFactor ?? '',
        ...(online ? [row.sellers.map(sellerText).join('; ')] : []),
        [...new Set([...row.names, ...row.sellers.flatMap((s) => s.names)])].join(', '),
      ]);
      process.stdout.write(columns(header, table, style, { width: terminalWidth(process.stdout), whole: [0, 1] }));
      for (const note of notes) process.stderr.write(`${style.dim(printable(note))}\n`);
      return EXIT.ok;
    },
    { ssh: sshAccess(flags), stopText: null },
  );
}

/** Who sells a GPU, and from which price: the cheapest first. */
export function sellersOf(gpu: GpuModel, offers: readonly Offer[]): Seller[] {
  const own = offers.filter((offer) => offer.gpu?.id === gpu.id);
  const sellers = [...new Set(own.map((offer) => offer.provider))].map((provider): Seller => {
    const theirs = own.filter((offer) => offer.provider === provider);
    return {
      provider,
      names: [...new Set(theirs.map((o) => o.gpu?.name ?? ''))].filter((name) => name !== ''),
      counts: [...new Set(theirs.map((o) => o.gpu?.count ?? 0))].sort((a, b) => a - b),
      fromUsdPerGpuHour: lowest(theirs.filter((offer) => !isByBid(offer))),
      markets: MARKETS.flatMap((market) =>
        [false, true].flatMap((byBid) => {
          const some = theirs.filter((offer) => offer.market === market && isByBid(offer) === byBid);
          return some.length === 0 ? [] : [{ market, byBid, fromUsdPerGpuHour: lowest(some) }];
        }),
      ),
    };
  });
  const price = ({ fromUsdPerGpuHour: usd }: Seller) => usd ?? Number.MAX_VALUE;
  return sellers.toSorted((a, b) => price(a) - price(b));
}

const isByBid = (offer: Offer): boolean => offer.minBidUsdPerHour !== undefined;

/** Of one GPU. */
function lowest(offers: readonly Offer[]): number | null {
  const prices = offers.flatMap((offer) => {
    const price = expectedPrice(offer, { diskGb: DISK_GB, bidUsdPerHour: null });
    return price === null || offer.gpu === null ? [] : [price / offer.gpu.count];
  });
  return prices.length === 0 ? null : Math.min(...prices);
}

/** `vast $2.10/h, spot by bid $0.90/h`. */
export function sellerText({ provider, markets }: Seller): string {
  const prices = markets.map(({ market, byBid, fromUsdPerGpuHour: price }) =>
    [...(market === 'on-demand' ? [] : [market]), ...(byBid ? ['by bid'] : []), usdPerHour(price)].join(' '),
  );
  return `${provider} ${prices.join(', ')}`;
}
