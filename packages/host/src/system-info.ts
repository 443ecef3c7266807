import { gpuByPciId, type Host, type SystemInfo } from '@bench/core';

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
  nvidia-smi --query-gpu=name,memory.total,driver_version,uuid --format=csv,noheader,nounits 2>/dev/null | while IFS= read -r row; do say nvidia_gpu "$row"; done
  say cuda "$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/\1/p')"
fi
for pci in /sys/bus/pci/devices/*; do
  [ "$(cat "$pci/vendor" 2>/dev/null)" = 0x1002 ] || continue
  case "$(cat "$pci/class" 2>/dev/null)" in 0x03*|0x12*) ;; *) continue ;; esac
  fact() { cat "$pci/$1" 2>/dev/null | tr -d ',\n\t'; }
  say amd_gpu "$(fact device),$(fact mem_info_vram_total),$(fact unique_id),$(fact product_name)"
done
[ -r /sys/module/amdgpu/version ] && say amd_driver "$(cat /sys/module/amdgpu/version)"
exit 0
`;

type Gpu = NonNullable<SystemInfo['gpus']>[number];
/** An AMD processor's own graphics have less memory of their own. MiB. */
const SMALLEST_GPU_MIB = 4096;

/** What the machine is, as far as it says itself; unknown facts are absent. */
export async function systemInfo(host: Host, options: { signal?: AbortSignal } = {}): Promise<SystemInfo> {
  const result = await host.exec({ script: SCRIPT }, { timeoutMs: 30_000, repeatable: true, ...options });
  return parseSystemInfo(result.stdout);
}

/**
 * Pure: reads what the script prints. Lines of login banners are passed over. AMD GPUs come from sysfs (`mem_info_vram_total` and
 * `unique_id` are amdgpu's), as `rocm-smi` is often not there; they stand after those of NVIDIA, in the order of their PCI addresses.
 */
export function parseSystemInfo(text: string): SystemInfo {
  const facts = new Map<string, string>();
  const nvidia: Gpu[] = [];
  const amdRows: string[] = [];
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const value = line.slice(tab + 1).trim();
    if (value === '') continue;
    if (line.slice(0, tab) === 'nvidia_gpu') nvidia.push(nvidiaRow(value));
    else if (line.slice(0, tab) === 'amd_gpu') amdRows.push(value);
    else facts.set(line.slice(0, tab), value);
  }
  const gpus = [...nvidia, ...amdRows.flatMap((row) => amdRow(row, facts.get('amd_driver')) ?? [])];
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

function nvidiaRow(row: string): Gpu {
  const [name = '', memory = '', driver, uuid] = row.split(',').map((cell) => cell.trim());
  return compact({ name, memoryMiB: Number.isFinite(Number(memory)) && memory !== '' ? Number(memory) : undefined, driver, uuid });
}

/** Null for the graphics of a processor and for a card without a driver that is not in the catalogue: neither serves a model. */
function amdRow(row: string, driver: string | undefined): Gpu | null {
  const [device = '', bytes = '', uuid = '', product = ''] = row.split(',').map((cell) => cell.trim());
  const known = gpuByPciId(`1002:${device.replace(/^0x/i, '')}`);
  const model = known?.vendor === 'amd' ? known : undefined;
  const memory = bytes === '' || !Number.isFinite(Number(bytes)) ? undefined : Math.floor(Number(bytes) / 1024 ** 2);
  if (!model && (memory ?? 0) < SMALLEST_GPU_MIB) return null;
  const name = model?.names[0] ?? (product === '' ? `AMD GPU ${device}` : product);
  return compact({ name, memoryMiB: memory, driver, uuid: uuid === '' ? undefined : uuid });
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
