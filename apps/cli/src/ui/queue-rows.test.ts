import type { Offer } from '@bench/provisioning';
import { expect, it } from 'vitest';
import { queueRow } from './queue-rows.ts';

const offer = (more: object, data: object = {}): Offer =>
  ({
    provider: 'slurm',
    region: 'gpu',
    gpu: { id: 'H100', name: 'h100', count: 4, memoryGb: 80 },
    cpus: 64,
    memoryGb: 511.6,
    priceUsdPerHour: 8,
    availability: 'available',
    data: { partition: 'gpu', gres: 'gpu:h100:4', timeLimitS: 86_400, nodes: 8, idle: 2, mixed: 1, ...data },
    ...more,
  }) as unknown as Offer;
const unknown = { gpu: { id: null, name: 'gpu', count: 2, memoryGb: 1 }, priceUsdPerHour: null };
const none = { gpu: null, priceUsdPerHour: null, memoryGb: null, cpus: null };

it.each([
  ['with a price', offer({}), ['slurm', 'gpu', '4× H100 80 GB', '2 of 8 free, 1 in part', '1-00:00:00', '64', '512 GB', '$2.00/h']],
  [
    'of GPUs without a type',
    offer(unknown, { mixed: 0 }),
    ['slurm', 'gpu', '2× gpu', '2 of 8 free', '1-00:00:00', '64', '512 GB', 'unknown'],
  ],
  [
    'without GPUs, and without a limit',
    offer(none, { timeLimitS: null, mixed: 0 }),
    ['slurm', 'gpu', '-', '2 of 8 free', 'none', '', '', '-'],
  ],
  ['of another provider', offer({ provider: 'pbs' }), ['pbs', 'gpu', '4× H100 80 GB', 'available', '', '64', '512 GB', '$2.00/h']],
])('a partition %s', (_, of, row) => expect(queueRow(of)).toEqual(row));
