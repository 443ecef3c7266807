/** What somebody offers on the fake market, in the API's own words. */
export interface FakeAsk {
  id: number;
  machine_id: number;
  host_id: number;
  gpu_name: string;
  num_gpus: number;
  /** Of one, MB. */
  gpu_ram: number;
  cpu_cores: number;
  cpu_cores_effective: number | null;
  /** MB. */
  cpu_ram: number;
  /** GB. */
  disk_space: number;
  /** GPUs alone, USD an hour. What a search answers adds the disk that was asked for. */
  dph_base: number;
  min_bid: number;
  /** USD for a GB and month. */
  storage_cost: number;
  inet_up_cost: number;
  inet_down_cost: number;
  inet_up: number;
  inet_down: number;
  reliability2: number;
  cuda_max_good: number;
  driver_version: string;
  compute_cap: number;
  direct_port_count: number;
  geolocation: string;
  hosting_type: number;
  static_ip: boolean;
  vms_enabled: boolean;
  verification: 'verified' | 'unverified' | 'deverified';
  external: boolean;
  rentable: boolean;
  /** Seconds until its owner takes it back. */
  duration: number;
}

/** An offer like any other, but for what is given. */
export function fakeAsk(given: Partial<FakeAsk> & Pick<FakeAsk, 'id'>): FakeAsk {
  return {
    machine_id: given.id + 1000,
    host_id: given.id + 2000,
    gpu_name: 'RTX 4090',
    num_gpus: 1,
    gpu_ram: 24_564,
    cpu_cores: 32,
    cpu_cores_effective: 16,
    cpu_ram: 64_000,
    disk_space: 500,
    dph_base: 0.4,
    min_bid: 0.2,
    storage_cost: 0.15,
    inet_up_cost: 0.01,
    inet_down_cost: 0.01,
    inet_up: 800,
    inet_down: 900,
    reliability2: 0.99,
    cuda_max_good: 13,
    driver_version: '580.95.05',
    compute_cap: 890,
    direct_port_count: 100,
    geolocation: 'Sweden, SE',
    hosting_type: 1,
    static_ip: true,
    vms_enabled: false,
    verification: 'verified',
    external: false,
    rentable: true,
    duration: 30 * 86_400,
    ...given,
  };
}

const h200 = { gpu_name: 'H200', gpu_ram: 143_771, compute_cap: 900, cpu_ram: 256_000 };
const h100 = { gpu_name: 'H100 SXM', gpu_ram: 81_559, compute_cap: 900, cpu_ram: 256_000 };

/** A small market: some GPUs several times, machines that can do virtual machines, odd ones, and ones that are not good enough. */
export function defaultAsks(): FakeAsk[] {
  return [
    fakeAsk({ id: 101, dph_base: 0.38, min_bid: 0.19 }),
    fakeAsk({ id: 102, dph_base: 0.41, min_bid: 0.22, vms_enabled: true, geolocation: 'California, US' }),
    fakeAsk({ id: 103, dph_base: 0.44, min_bid: 0.25, vms_enabled: true, geolocation: 'Quebec, CA', reliability2: 0.97 }),
    fakeAsk({ id: 104, dph_base: 0.5, min_bid: 0.3, geolocation: 'Texas, US', cpu_cores_effective: null }),
    fakeAsk({ id: 105, dph_base: 0.8, min_bid: 0.4, num_gpus: 2, vms_enabled: true, cpu_ram: 128_000 }),
    // Cheap, and for reasons.
    fakeAsk({ id: 106, dph_base: 0.1, min_bid: 0.05, reliability2: 0.6 }),
    fakeAsk({ id: 107, dph_base: 0.12, min_bid: 0.06, verification: 'unverified' }),
    fakeAsk({ id: 108, dph_base: 0.13, min_bid: 0.07, direct_port_count: 0 }),
    fakeAsk({ id: 109, dph_base: 0.14, min_bid: 0.08, cuda_max_good: 12.2 }),
    // Without a price, which is not free.
    fakeAsk({ id: 110, dph_base: 0, min_bid: 0, storage_cost: 0, geolocation: '' }),
    fakeAsk({ id: 201, ...h200, dph_base: 2.8, min_bid: 1.5, geolocation: 'Iowa, US' }),
    fakeAsk({ id: 202, ...h200, dph_base: 2.95, min_bid: 1.6, vms_enabled: true, geolocation: 'Norway, NO' }),
    fakeAsk({ id: 203, ...h200, dph_base: 5.6, min_bid: 3, num_gpus: 2, vms_enabled: true, geolocation: 'Norway, NO' }),
    fakeAsk({ id: 301, ...h100, dph_base: 1.93, min_bid: 1 }),
    fakeAsk({ id: 302, ...h100, dph_base: 2.1, min_bid: 1.1, vms_enabled: true, geolocation: 'Finland, FI' }),
    fakeAsk({ id: 303, ...h100, gpu_name: 'H100 PCIE', dph_base: 1.7, min_bid: 0.9 }),
    fakeAsk({ id: 401, gpu_name: 'A100 SXM4', gpu_ram: 81_920, compute_cap: 800, dph_base: 0.87, min_bid: 0.5, vms_enabled: true }),
    fakeAsk({ id: 402, gpu_name: 'A100 SXM4', gpu_ram: 40_960, compute_cap: 800, dph_base: 0.76, min_bid: 0.4 }),
    fakeAsk({ id: 403, gpu_name: 'RTX PRO 6000 WS', gpu_ram: 97_887, compute_cap: 1200, dph_base: 1.13, min_bid: 0.7 }),
    fakeAsk({ id: 404, gpu_name: 'RTX 6000Ada', gpu_ram: 49_140, dph_base: 0.7, min_bid: 0.35 }),
  ];
}
