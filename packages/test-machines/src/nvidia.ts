import type { MachineFile } from './files.ts';

/** A GPU that a machine pretends to have. */
export interface FakeGpu {
  /** As the driver reports it: `NVIDIA H100 80GB HBM3`. */
  name: string;
  memoryMiB: number;
  /** PCI id of the card. Default `0x2330`, an H100's. */
  pciDevice?: string;
}

/** What sysfs says of a PCI device: file names and their content, such as `vendor` and `device`. */
export type PciDevice = Readonly<Record<string, string>>;

/** Entries of `/sys/bus/pci/devices`: the GPUs first. */
export const pciFiles = (gpus: readonly FakeGpu[], others: readonly PciDevice[]): MachineFile[] =>
  [...gpus.map(({ pciDevice = '0x2330' }): PciDevice => ({ vendor: '0x10de', device: pciDevice, class: '0x030200' })), ...others].flatMap(
    (device, index) =>
      Object.entries(device).map(([file, value]) => ({ path: `${pciAddress(index)}/${file}`, content: `${value}\n`, mode: 0o444 })),
  );

const pciAddress = (index: number): string => `0000:${(index + 1).toString(16).padStart(2, '0')}:00.0`;

/** Folder that is only in dockerd's PATH. */
export const NVIDIA_BIN = '/opt/nvidia/bin';
/** Where the hook notes what each container was given. */
export const GRANTS = '/var/lib/nvidia-grants';
export const DRIVER_VERSION = '570.86.15';
export const CUDA_VERSION = '12.8';

export const gpuUuid = (index: number): string => `GPU-00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Stands in for nvidia-smi: `-L`, `--query-gpu=FIELD,… --format=csv[,noheader][,nounits] [-i INDEX]`, and the plain table's first lines. */
const NVIDIA_SMI = String.raw`#!/bin/sh
query= format= only= list=
while [ $# -gt 0 ]; do
  case "$1" in
    --query-gpu=*) query=${'$'}{1#*=} ;;
    --format=*) format=${'$'}{1#*=} ;;
    -i | --id) only=$2; shift ;;
    --id=* | -i=*) only=${'$'}{1#*=} ;;
    -L | --list-gpus) list=yes ;;
    *) echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help." >&2; exit 2 ;;
  esac
  shift
done
exec awk -F '\t' -v query="$query" -v format="$format" -v only="$only" -v list="$list" -v driver='@DRIVER@' -v cuda='@CUDA@' '
  function field(name) {
    if (name == "index") return $1
    if (name == "name" || name == "gpu_name") return $2
    if (name == "memory.total") return $3 mib
    if (name == "memory.used") return 3 mib
    if (name == "memory.free") return ($3 - 3) mib
    if (name == "uuid" || name == "gpu_uuid") return $4
    if (name == "driver_version") return driver
    if (name == "pci.bus_id" || name == "gpu_bus_id") return sprintf("00000000:%02X:00.0", $1 + 1)
    if (name == "utilization.gpu" || name == "utilization.memory") return 0 percent
    if (name == "power.draw") return "70.00" watt
    if (name == "power.limit") return "700.00" watt
    if (name == "temperature.gpu") return 30
    if (name == "compute_cap") return "9.0"
    return "[N/A]"
  }
  BEGIN {
    if (format !~ /nounits/) { mib = " MiB"; percent = " %"; watt = " W" }
    count = split(query, names, ",")
    for (i = 1; i <= count; i++) gsub(/^ +| +$/, "", names[i])
    if (count && format !~ /noheader/) { for (i = 1; i <= count; i++) printf "%s%s", names[i], (i < count ? ", " : "\n") }
    if (!count && !list) {
      print "+-----------------------------------------------------------------------------------------+"
      printf "| NVIDIA-SMI %-23sDriver Version: %-15sCUDA Version: %-9s|\n", driver, driver, cuda
      print "|-----------------------------------------+------------------------+----------------------+"
    }
  }
  only == "" || index("," only ",", "," $1 ",") || index("," only ",", "," $4 ",") {
    if (list) printf "GPU %s: %s (UUID: %s)\n", $1, $2, $4
    else if (!count) printf "| %3s  %-34s |\n", $1, $2
    else for (i = 1; i <= count; i++) printf "%s%s", field(names[i]), (i < count ? ", " : "\n")
  }
' /opt/nvidia/gpus
`;

/**
 * Stands in for the hook of NVIDIA's container toolkit, which dockerd looks for in its PATH when it starts; with it, dockerd takes GPU requests.
 * runc gives it the container's state on stdin (OCI runtime specification, "State"); the bundle's `config.json` has the devices that dockerd chose.
 */
const HOOK = String.raw`#!/bin/sh
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p @GRANTS@
record=$(mktemp @GRANTS@/draft-XXXXXX)
cat > "$record"
bundle=$(sed 's/.*"bundle":"\([^"]*\)".*/\1/' "$record")
cp "$bundle/config.json" "$record"
mv "$record" "@GRANTS@/$(basename "$bundle").json"
`;

/** Files of a machine with these GPUs. */
export const nvidiaFiles = (gpus: readonly FakeGpu[]): MachineFile[] => [
  {
    path: 'opt/nvidia/gpus',
    content: gpus.map(({ name, memoryMiB }, index) => `${index}\t${name}\t${memoryMiB}\t${gpuUuid(index)}\n`).join(''),
  },
  {
    path: 'usr/local/bin/nvidia-smi',
    content: NVIDIA_SMI.replace('@DRIVER@', DRIVER_VERSION).replace('@CUDA@', CUDA_VERSION),
    mode: 0o755,
  },
];

/** What makes a machine's dockerd take GPU requests. */
export const nvidiaRuntimeFiles = (): MachineFile[] => [
  { path: `${NVIDIA_BIN.slice(1)}/nvidia-container-runtime-hook`, content: HOOK.replaceAll('@GRANTS@', GRANTS), mode: 0o755 },
];

/** What one container was given. */
export interface GpuGrant {
  containerId: string;
  hostname: string;
  /** Value of its NVIDIA_VISIBLE_DEVICES: `0,1` or `all`. */
  devices: string | undefined;
}

/** A grant out of the container's OCI `config.json`. */
export function parseGrant(containerId: string, config: string): GpuGrant {
  const { hostname = '', process } = JSON.parse(config) as { hostname?: string; process?: { env?: string[] } };
  const variable = process?.env?.find((entry) => entry.startsWith('NVIDIA_VISIBLE_DEVICES='));
  return { containerId, hostname, devices: variable?.slice(variable.indexOf('=') + 1) };
}
