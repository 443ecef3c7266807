import { EXIT, printable } from '@bench/core';
import { wantedOf } from '@bench/planner';
import { findOffers, type FoundOffers, nothingFits, refusalReasons } from '@bench/provisioning';
import { usage } from '../asked.ts';
import { cloudSettings, withProviders } from '../cloud-access.ts';
import { faultLines } from '../fault-lines.ts';
import { askedCloud, type OfferFlags } from '../cloud-flags.ts';
import { rememberOffers } from '../known-offers.ts';
import { refuseUnknownGpu } from '../known-gpu.ts';
import { withContext } from '../context.ts';
import { queueOffers, queuesOf } from '../queue-offers.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';
import { columns } from '../ui/columns.ts';
import { OFFER_HEADER, offerRow } from '../ui/offer-rows.ts';
import { leftOutLines } from '../ui/plan-lines.ts';
import { QUEUE_HEADER, queueRow } from '../ui/queue-rows.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

export type OffersFlags = OfferFlags &
  SshFlags & {
    gpu?: string | undefined;
    count?: number | undefined;
    all?: true | undefined;
    config?: string | undefined;
    json?: true | undefined;
  };

/** Rows that are shown without `--all`. */
const SHOWN = 20;

/** `bench offers`: machines for rent, and what the queues have. Ends with 4 when nothing fits, with 3 when the one login host asked cannot be used. */
export function offers(flags: OffersFlags): Promise<number> {
  if (flags.gpu === undefined && flags.count !== undefined)
    throw usage('--count counts GPUs, and --gpu names none', 'bench offers --gpu h200 --count 8');
  refuseUnknownGpu(flags.gpu);
  return withContext(
    async ({ io, signal }) => {
      const settings = await cloudSettings(flags, signal);
      const limits = askedCloud(flags, { site: null, settings });
      const wanted = wantedOf({ gpu: flags.gpu ?? null, count: flags.count ?? 1 }, limits);
      return withProviders({ io, settings, only: limits.providers, need: true }, async (providers) => {
        // Who asks for a kind of machine asks for no queue.
        const queues = flags.workload === undefined ? queuesOf(providers, limits.providers) : [];
        const sellers = providers.list.map(({ factory }) => factory.name).filter((name) => !queues.includes(name));
        const rents = { ...wanted, providers: (limits.providers ?? sellers).filter((name) => !queues.includes(name)) };
        const own = { gpu: wanted.gpu, count: wanted.count, limits, queues, providers, io };
        const [rented, queued] = await Promise.all([findOffers({ wanted: rents, providers, io }), queueOffers(own)]);
        const { candidates } = rented;
        await rememberOffers([...candidates, ...rented.refused.map(({ offer }) => offer)]);
        const refused = [...rented.refused, ...queued.refused];
        const errors = [...rented.errors, ...queued.errors];
        const without = [...rented.without, ...queued.without];
        const found = { refused, errors, without };
        const exitCode = candidates.length + queued.candidates.length > 0 ? EXIT.ok : failedCode(found);
        if (flags.json) {
          const failed = errors.map(({ provider, error }) => ({ provider, code: error.code, message: error.message }));
          const all = [...candidates, ...queued.candidates];
          process.stdout.write(`${JSON.stringify({ offers: all, refused, errors: failed, without }, null, 1)}\n`);
          return exitCode;
        }
        const style = styles(process.stdout);
        const shown = flags.all ? candidates : candidates.slice(0, SHOWN);
        const width = terminalWidth(process.stdout);
        if (shown.length > 0) {
          const rows = shown.map((offer) => offerRow(offer, limits));
          process.stdout.write(columns(OFFER_HEADER, rows, style, { width, whole: [5] }));
        }
        if (candidates.length > shown.length)
          process.stdout.write(style.dim(`and ${candidates.length - shown.length} more: --all shows them\n`));
        if (queued.candidates.length > 0) {
          if (shown.length > 0) process.stdout.write('\n');
          process.stdout.write(columns(QUEUE_HEADER, queued.candidates.map(queueRow), style, { width, whole: [1] }));
        }
        if (candidates.length + queued.candidates.length === 0) {
          const { message, hint = '' } = nothingFits({ found, wanted, closed: providers.closed });
          process.stdout.write(`${message.split('\n').map(printable).join('\n')}\n`);
          for (const line of hint.split('\n')) process.stdout.write(`${style.dim(`hint: ${printable(line)}`)}\n`);
        } else {
          for (const line of leftOutLines(refusalReasons(refused), style)) process.stdout.write(`${line}\n`);
          for (const { error } of errors) process.stderr.write(`${style.yellow('not asked:')} ${printable(error.message)}\n`);
          for (const { provider, reason } of without) process.stderr.write(`${style.dim(`${provider}: ${printable(reason)}`)}\n`);
          for (const closed of providers.closed)
            process.stderr.write(`${style.dim(`not asked: ${closed.name}: ${printable(closed.reason)}; bench check says more`)}\n`);
        }
        for (const line of faultLines(settings.faults)) process.stderr.write(`${style.yellow('not used:')} ${printable(line)}\n`);
        return exitCode;
      });
    },
    { ssh: sshAccess(flags), stopText: null },
  );
}

/** When there is nothing: 3 where nobody but hosts that cannot be reached, or lack a part, could have had it. */
function failedCode({ refused, errors, without }: Pick<FoundOffers, 'refused' | 'errors' | 'without'>): number {
  const unfit = errors.length > 0 && errors.every(({ error }) => error.exitCode === EXIT.missingPart);
  return unfit && refused.length === 0 && without.length === 0 ? EXIT.missingPart : EXIT.provider;
}
