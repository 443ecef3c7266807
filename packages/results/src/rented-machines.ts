import type { JournalLine } from './journal-events.ts';

/** A machine that a run rented, as its journal tells. Whether it still costs money is in the ledger, under its name. */
export interface RentedMachineView {
  /** Position in the run; `machines/<machine>`. */
  machine: number;
  /** Its name in the ledger, and at the provider. */
  name: string;
  /** The execution group that it was rented for; null: none in particular. */
  group: number | null;
  provider: string;
  /** The provider's own id; null: not known yet. */
  id: string | null;
  /** In words: `2× H200 in us-east-1, spot`. */
  offer: string;
  /** `failed`: it never came up. `lost`: the provider took it away. Both may still have to be ended. */
  state: 'intent' | 'queued' | 'rented' | 'running' | 'ready' | 'kept' | 'failed' | 'lost' | 'ending' | 'gone';
  /** Of the whole machine; null: not known. */
  priceUsdPerHour: number | null;
  priceSource: string | null;
  /** Until when it is kept, ISO 8601; null: it is not. */
  keptUntil: string | null;
  /** Why it failed or was lost, in words. */
  error: string | null;
}

/** Every machine that a run asked for, in order. */
export function rentedMachines(events: readonly JournalLine[]): RentedMachineView[] {
  const known = new Map<string, RentedMachineView>();
  for (const event of events) {
    if (event.type === 'machine_intent') {
      const { machine, name, group, provider, offer, priceUsdPerHour, priceSource } = event;
      const fresh = { id: null, state: 'intent', keptUntil: null, error: null } as const;
      known.set(name, { machine, name, group, provider, offer, priceUsdPerHour, priceSource, ...fresh });
      continue;
    }
    if (!('name' in event)) continue;
    const view = known.get(event.name);
    if (view) Object.assign(view, changeOf(event));
  }
  return [...known.values()];
}

function changeOf(event: JournalLine): Partial<RentedMachineView> {
  switch (event.type) {
    case 'machine_rented':
      return { id: event.id, state: event.queued ? 'queued' : 'rented' };
    case 'machine_running':
      return { state: 'running' };
    case 'machine_price':
      return { priceUsdPerHour: event.priceUsdPerHour, priceSource: event.priceSource };
    case 'machine_ready':
    case 'machine_adopted':
      return { state: 'ready', keptUntil: null };
    case 'machine_kept':
      return { state: 'kept', keptUntil: event.until };
    case 'machine_failed':
      return { state: 'failed', error: event.error.message };
    case 'machine_lost':
      return { state: 'lost', error: event.error.message };
    case 'machine_ending':
      return { state: 'ending' };
    case 'machine_gone':
      return { state: 'gone', keptUntil: null };
    default:
      return {};
  }
}
