import type { Host, SystemInfo } from '@bench/core';

/** One constant script for any POSIX machine; each fact is printed when it is there, `key<TAB>value`. */
const SCRIPT = String.raw`
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
exit 0
`;

/** What the machine is, as far as it says itself; unknown facts are absent. */
export async function systemInfo(host: Host, options: { signal?: AbortSignal } = {}): Promise<SystemInfo> {
  const result = await host.exec({ script: SCRIPT }, { timeoutMs: 30_000, repeatable: true, ...options });
  return parseSystemInfo(result.stdout);
}

/** Pure: reads what the script prints. Lines of login banners are passed over. */
export function parseSystemInfo(text: string): SystemInfo {
  const facts = new Map<string, string>();
  const gpus: NonNullable<SystemInfo['gpus']> = [];
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const value = line.slice(tab + 1).trim();
    if (value === '') continue;
    if (line.slice(0, tab) === 'nvidia_gpu') gpus.push(gpuRow(value));
    else facts.set(line.slice(0, tab), value);
  }
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

function gpuRow(row: string): NonNullable<SystemInfo['gpus']>[number] {
  const [name = '', memory = '', driver, uuid] = row.split(',').map((cell) => cell.trim());
  return compact({ name, memoryMiB: Number.isFinite(Number(memory)) && memory !== '' ? Number(memory) : undefined, driver, uuid });
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
