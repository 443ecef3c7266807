import { expect, it } from 'vitest';
import { chooseGpus } from './choose-gpus.ts';
import { busyGpus, type SiteGpu, siteGpus } from './index.ts';

const h200 = (id: number, memoryUsedMiB?: number): SiteGpu => ({ id: String(id), name: 'NVIDIA H200', memoryMiB: 143_771, memoryUsedMiB });
const ids = (gpus: readonly SiteGpu[]) => gpus.map(({ id }) => id).join(' ');

it('GPUs that nobody works on come before those that are in use, in PCI order', () => {
  const gpus = [h200(0, 120_000), h200(1, 3), h200(2, 90_000), h200(3), { ...h200(4, 3), name: 'NVIDIA L4', memoryMiB: 23_034 }];
  expect(ids(chooseGpus(gpus, 'NVIDIA H200 141GB', 1))).toBe('1');
  expect(ids(chooseGpus(gpus, 'NVIDIA H200 141GB', 2))).toBe('1 3');
  expect(ids(chooseGpus(gpus, 'NVIDIA H200 141GB', 3))).toBe('0 1 3');
  expect(ids(chooseGpus(gpus, 'NVIDIA H200 141GB', 8))).toBe('0 1 2 3');
});

it('a GPU is in use from 1 GiB and 5 % of its memory on', () => {
  const l4 = (id: number, memoryUsedMiB: number): SiteGpu => ({ id: String(id), name: 'NVIDIA L4', memoryMiB: 10_240, memoryUsedMiB });
  expect(ids(busyGpus([l4(0, 1023), l4(1, 1024), h200(2, 7000), h200(3, 7200), h200(4)]))).toBe('1 3');
});

it('the memory in use comes from the machine', () => {
  const gpus = ['3', '99000'].map((used) => ({ name: 'NVIDIA H200', memoryMiB: 143_771, driver: '570', memoryUsedMiB: Number(used) }));
  expect(ids(busyGpus(siteGpus({ gpus }).gpus))).toBe('1');
});
