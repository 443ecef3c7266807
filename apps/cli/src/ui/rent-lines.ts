import { printable } from '@bench/core';
import type { Machine, Offer, RentEvent } from '@bench/provisioning';
import { offerPrice } from './money.ts';
import { gpuText } from './offer-rows.ts';
import type { Progress } from './progress.ts';
import type { Styles } from './style.ts';

/** `8× H200 141 GB, a3-ultragpu-8g at gcp in us-east4-b, spot, $21.50/h`. */
export function offerText(offer: Offer, limits: Parameters<typeof offerPrice>[1]): string {
  const gpu = offer.gpu === null ? '' : `${gpuText(offer.gpu)}, `;
  const price = offer.priceUsdPerHour === null ? 'price unknown' : offerPrice(offer, limits);
  return printable(`${gpu}${offer.instanceType} at ${offer.provider} in ${offer.zone ?? offer.region}, ${offer.market}, ${price}`);
}

/** Shows how a machine is rented: what is over becomes a line, what goes on is at the bottom. */
export function showRenting(
  progress: Progress,
  o: { style: Styles; clock: () => number; limits: Parameters<typeof offerPrice>[1] },
): (event: RentEvent) => void {
  const { style, limits } = o;
  const ok = style.green(style.unicode ? '✔' : 'ok');
  const bad = style.red(style.unicode ? '✖' : 'failed');
  return (event) => {
    switch (event.type) {
      case 'offers':
        if (event.error) progress.line(`${style.yellow('not asked:')} ${printable(event.error.message)}`);
        else progress.line(style.dim(`${event.provider}: ${event.fitting} of ${event.found} offers fit`));
        return;
      case 'renting':
        progress.status(() => `${event.name}: renting ${offerText(event.offer, limits)}`, event.name);
        return;
      case 'state':
        progress.status(() => `${event.name}: ${stateText(event.machine)} at ${event.offer.provider}`, event.name);
        return;
      case 'price':
        progress.line(`${event.name} costs $${event.priceUsdPerHour}/h`);
        return;
      case 'failed':
        progress.status(null, event.name);
        progress.line(`${bad} ${offerText(event.offer, limits)}: ${printable(event.error.message)}`);
        return;
      case 'running':
        progress.status(null, event.name);
        progress.line(`${ok} ${event.name} runs: ${offerText(event.offer, limits)}`);
        return;
      case 'ending':
        progress.status(() => `${event.name}: ending it (${printable(event.reason)})`, event.name);
        return;
      case 'gone':
        progress.status(null, event.name);
        progress.line(`${ok} ${event.name} is gone`);
        return;
    }
  };
}

const stateText = (machine: Machine) =>
  machine.rawState.toLowerCase() === machine.state ? machine.state : `${machine.state} (${printable(machine.rawState)})`;
