import { BenchError, EXIT, gpuByPciId, type Host, type SystemInfo } from '@bench/core';

/** One constant script for any POSIX machine; each fact is printed when it is there, `key<TAB>value`. */
export const SCRIPT = String.raw`
say() { printf '%s\t%s\n' "$1" "$2"; }
say hostname "$(hostname 2>/dev/null)"
say kernel "$(uname -sr)"
say arch "$(uname -m)"
[ -r /etc/os-release ] && say os "$(. /etc/os-release && printf %s "$PRETTY_NAME")"
[ -r /proc/cpuinfo ] && say cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
say cores "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
[ -r /proc/meminfo ] && say memory_kib "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
say disk_free_kib "$(df -Pk . 2>/dev/null | awk 'NR==2 {print $4}')"
command -v docker >/dev/null 2>&1 && say docker "$(docker version --format '{{.Server.Version}}' 2>/dev/null)"
command -v node >/dev/null 2>&1 && say node "$(node --version 2>/dev/null)"
if command -v nvidia-smi >/dev/null 2>&1; then
  if rows=$(nvidia-smi --query-gpu=name,memory.total,driver_version,uuid,memory.used --format=csv,noheader,nounits 2>/dev/null); then
    printf '%s\n' "$rows" | while IFS= read -r row; do say nvidia_gpu "$row"; done
    say cuda "$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/\1/p')"
  fi
fi
amd_memory=known
for pci in /sys/bus/pci/devices/*; do
  fact() { cat "$pci/$1" 2>/dev/null | tr -d ',\n\t'; }
  case "$(fact class)" in 0x03*|0x12*) ;; *) continue ;; esac
  case "$(fact vendor)" in
    0x10de) say nvidia_pci "$(fact device)" ;;
    0x1002)
      [ -r "$pci/mem_info_vram_total" ] || amd_memory=unknown
      say amd_gpu "$(fact device),$(fact mem_info_vram_total),$(fact unique_id),$(fact product_name),$(basename "$pci")" ;;
  esac
done
[ -r /sys/module/nvidia/version ] && say nvidia_driver "$(cat /sys/module/nvidia/version)"
[ -r /sys/module/amdgpu/version ] && say amd_driver "$(cat /sys/module/amdgpu/version)"
if [ "$amd_memory" = unknown ] && command -v rocm-smi >/dev/null 2>&1; then
  rocm-smi --showbus --showproductname --showmeminfo vram --csv 2>/dev/null | while IFS= read -r row; do say rocm_smi "$row"; done
fi
exit 0
`;

type Gpu = NonNullable<SystemInfo['gpus']>[number];
/** An AMD processor's own graphics have less memory of their own. MiB. */
const SMALLEST_GPU_MIB = 4096;

/** `nvidia-smi` wakes each sleeping card of a machine without the persistence daemon, and is asked twice. */
const LOOK_MS = 180_000;

/**
 * What the machine is, as far as it says itself; unknown facts are absent.
 * @throws BenchError `BENCH_HOST_SILENT` when it does not come to an end: half of an answer would be a machine without its GPUs.
 */
export async function systemInfo(host: Host, options: { signal?: AbortSignal } = {}): Promise<SystemInfo> {
  const result = await host.exec({ script: SCRIPT }, { timeoutMs: LOOK_MS, repeatable: true, ...options });
  if (result.timedOut) {
    throw new BenchError({
      code: 'BENCH_HOST_SILENT',
      message: `${host.name} did not tell in ${LOOK_MS / 1000} s what it is`,
      hint: 'run nvidia-smi, docker version and df there: one of them hangs',
      exitCode: EXIT.missingPart,
    });
  }
  return parseSystemInfo(result.stdout);
}

/**
 * Pure: reads what the script prints. Lines of login banners are passed over. NVIDIA's cards come from `nvidia-smi`; where that is
 * missing or broken, from their PCI ids, with the driver only when its kernel module is loaded: a card without one has no `driver`.
 * AMD's come from sysfs (`mem_info_vram_total` and `unique_id` are amdgpu's) and stand after those of NVIDIA, in the order of their
 * PCI addresses; what sysfs does not tell, `rocm-smi` may.
 */
export function parseSystemInfo(text: string): SystemInfo {
  const facts = new Map<string, string>();
  const rows = { nvidia_gpu: [] as string[], nvidia_pci: [] as string[], amd_gpu: [] as string[], rocm_smi: [] as string[] };
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const key = line.slice(0, tab);
    const value = line.slice(tab + 1).trim();
    if (value === '') continue;
    if (Object.hasOwn(rows, key)) rows[key as keyof typeof rows].push(value);
    else facts.set(key, value);
  }
  const smi = rows.nvidia_gpu.flatMap((row) => nvidiaRow(row) ?? []);
  const nvidia = smi.length > 0 ? smi : rows.nvidia_pci.map((device) => nvidiaCard(device, facts.get('nvidia_driver')));
  const cards = readRocmSmi(rows.rocm_smi);
  const gpus = [...nvidia, ...rows.amd_gpu.flatMap((row) => amdRow(row, { driver: facts.get('amd_driver'), cards }) ?? [])];
  const number = (key: string) => {
    const value = Number(facts.get(key));
    return Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const cores = number('cores');
  const memory = number('memory_kib');
  const disk = number('disk_free_kib');
  const cpu = facts.get('cpu');
  const driver = gpus[0]?.driver;
  return compact({
    hostname: facts.get('hostname'),
    os: facts.get('os'),
    kernel: facts.get('kernel'),
    arch: facts.get('arch'),
    cpu: cores === undefined ? undefined : { model: cpu ?? 'unknown', logicalCores: cores },
    memoryBytes: memory === undefined ? undefined : memory * 1024,
    gpus: gpus.length > 0 ? gpus : undefined,
    driverVersion: driver,
    cudaVersion: facts.get('cuda'),
    dockerVersion: facts.get('docker'),
    nodeVersion: facts.get('node')?.replace(/^v/, ''),
    diskFreeBytes: disk === undefined ? undefined : disk * 1024,
  });
}

/** Null for a line that is not a row: what nvidia-smi says when it finds no device. */
function nvidiaRow(row: string): Gpu | null {
  const [name = '', memory = '', driver, uuid, used = ''] = row.split(',').map((cell) => cell.trim());
  if (driver === undefined) return null;
  // A fact that a card does not have is a word in brackets.
  const mib = (cell: string) => (/^\d+(\.\d+)?$/.test(cell) ? Number(cell) : undefined);
  return compact({ name, memoryMiB: mib(memory), memoryUsedMiB: mib(used), driver, uuid });
}

function nvidiaCard(device: string, driver: string | undefined): Gpu {
  const known = gpuByPciId(`10de:${device.replace(/^0x/i, '')}`);
  return compact({ name: known?.vendor === 'nvidia' ? (known.names[0] ?? known.id) : `NVIDIA GPU ${device}`, driver });
}

interface RocmCard {
  series?: string | undefined;
  bytes?: string | undefined;
}

/** By PCI address, lower case. Names of columns differ in case between versions of ROCm; a series may be a number instead of a name. */
function readRocmSmi(lines: readonly string[]): Map<string, RocmCard> {
  const cards = new Map<string, RocmCard>();
  let columns: string[] = [];
  for (const line of lines) {
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells[0]?.toLowerCase() === 'device') columns = cells.map((cell) => cell.toLowerCase());
    const cell = (name: string) => cells[columns.indexOf(name)];
    const address = cell('pci bus')?.toLowerCase();
    const name = [cell('card series'), cell('card model')].find((text) => text && !/^(0x|n\/a)/i.test(text));
    if (address !== undefined && cells[0]?.startsWith('card')) cards.set(address, { series: name, bytes: cell('vram total memory (b)') });
  }
  return cards;
}

/** Null for the graphics of a processor and for a card without a driver that is not in the catalogue: neither serves a model. */
function amdRow(row: string, { driver, cards }: { driver: string | undefined; cards: ReadonlyMap<string, RocmCard> }): Gpu | null {
  const [device = '', vram = '', uuid = '', product = '', address = ''] = row.split(',').map((cell) => cell.trim());
  const card = cards.get(address.toLowerCase());
  const bytes = vram === '' ? (card?.bytes ?? '') : vram;
  const known = gpuByPciId(`1002:${device.replace(/^0x/i, '')}`);
  const model = known?.vendor === 'amd' ? known : undefined;
  const memory = bytes === '' || !Number.isFinite(Number(bytes)) ? undefined : Math.floor(Number(bytes) / 1024 ** 2);
  if (!model && (memory ?? 0) < SMALLEST_GPU_MIB) return null;
  const name = model?.names[0] ?? (product === '' ? (card?.series ?? `AMD GPU ${device}`) : product);
  return compact({ name, memoryMiB: memory, driver, uuid: uuid === '' ? undefined : uuid });
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
