import { EXIT, printable } from '@bench/core';
import { wantedOf } from '@bench/planner';
import { findOffers, nothingFits, refusalReasons } from '@bench/provisioning';
import { usage } from '../asked.ts';
import { cloudSettings, withProviders } from '../cloud-access.ts';
import { faultLines } from '../fault-lines.ts';
import { askedCloud, type OfferFlags } from '../cloud-flags.ts';
import { rememberOffers } from '../known-offers.ts';
import { refuseUnknownGpu } from '../known-gpu.ts';
import { withContext } from '../context.ts';
import { columns } from '../ui/columns.ts';
import { OFFER_HEADER, offerRow } from '../ui/offer-rows.ts';
import { leftOutLines } from '../ui/plan-lines.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

export type OffersFlags = OfferFlags & {
  gpu?: string | undefined;
  count?: number | undefined;
  all?: true | undefined;
  config?: string | undefined;
  json?: true | undefined;
};

/** Rows that are shown without `--all`. */
const SHOWN = 20;

/** `bench offers`. Ends with 4 when nothing fits. */
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
        const found = await findOffers({ wanted, providers, io });
        const { candidates, refused, errors, without } = found;
        await rememberOffers([...candidates, ...refused.map(({ offer }) => offer)]);
        const exitCode = candidates.length > 0 ? EXIT.ok : EXIT.provider;
        if (flags.json) {
          const failed = errors.map(({ provider, error }) => ({ provider, code: error.code, message: error.message }));
          process.stdout.write(`${JSON.stringify({ offers: candidates, refused, errors: failed, without }, null, 1)}\n`);
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
        if (candidates.length === 0) {
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
    { stopText: null },
  );
}
