import type { SystemInfo } from '@bench/core';

/** Takes the probes of a "System Information" section apart (`=== TITLE ===`), and reads what they say of the machine. */
export function readSystem(text: string): { system: SystemInfo; probes: Record<string, string> } {
  const probes = splitProbes(text);
  return { system: understand(probes), probes };
}

function splitProbes(text: string): Record<string, string> {
  const probes: Record<string, string[]> = {};
  let open: string[] | null = null;
  for (const line of text.split('\n')) {
    const title = /^=== ([A-Z][A-Z0-9 /_-]{0,60}) ===\s*$/.exec(line)?.[1];
    if (title !== undefined) open = probes[title] = [];
    else open?.push(line);
  }
  return Object.fromEntries(Object.entries(probes).map(([name, lines]) => [name, lines.join('\n').trim()]));
}

function understand(probes: Record<string, string>): SystemInfo {
  const info: SystemInfo = {};
  const cpu = probes['CPU INFORMATION'] ?? '';
  const set = <K extends keyof SystemInfo>(key: K, value: SystemInfo[K] | undefined) => {
    if (value !== undefined && value !== '') info[key] = value;
  };
  set('hostname', firstLine(probes['HOSTNAME']));
  set('os', field(probes['OS'], /^PRETTY_NAME="?([^"\n]{1,200})"?$/m));
  set('kernel', firstLine(probes['KERNEL']));
  set('arch', field(cpu, /^Architecture: +(\S{1,40})$/m));
  const model = field(cpu, /^Model name: +(\S.{0,200})$/m);
  const cores = Number(firstLine(probes['CPU COUNT']) ?? field(cpu, /^CPU\(s\): +(\d{1,6})$/m));
  if (model !== undefined && Number.isInteger(cores) && cores > 0) info.cpu = { model: model.trim(), logicalCores: cores };
  set('memoryBytes', memoryBytes(probes['MEMORY']));
  const gpus = readGpus(probes['GPU INFORMATION']);
  if (gpus.length > 0) info.gpus = gpus;
  set('driverVersion', gpus[0]?.driver);
  set('cudaVersion', field(probes['GPU DETAILS'], /CUDA Version: (\d{1,3}\.\d{1,3})/));
  set('dockerVersion', field(probes['DOCKER VERSION'], /Docker version (\d[^, \n]{0,40})/));
  return info;
}

function firstLine(text: string | undefined): string | undefined {
  return text?.split('\n', 1)[0]?.trim() || undefined;
}

function field(text: string | undefined, pattern: RegExp): string | undefined {
  return text === undefined ? undefined : (pattern.exec(text.slice(0, 100_000))?.[1] ?? undefined);
}

const POWERS: Record<string, number> = { B: 0, Ki: 1, K: 1, Mi: 2, M: 2, Gi: 3, G: 3, Ti: 4, T: 4 };

/** The total of `free -h`, which counts in powers of 1024. */
function memoryBytes(text: string | undefined): number | undefined {
  const match = /^Mem: +(\d+(?:\.\d+)?)([KMGT]i?|B)? /m.exec(text?.slice(0, 10_000) ?? '');
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * 1024 ** (POWERS[match[2] ?? 'B'] ?? 0));
  return bytes > 0 ? bytes : undefined;
}

/** Lines of `nvidia-smi --query-gpu=name,memory.total,driver_version,… --format=csv,noheader`. */
function readGpus(text: string | undefined): NonNullable<SystemInfo['gpus']> {
  return (text ?? '').split('\n').flatMap((line) => {
    const [name = '', memory = '', driver = ''] = line.split(',').map((part) => part.trim());
    const mib = /^(\d{1,9}) MiB$/.exec(memory)?.[1];
    if (name === '' || mib === undefined) return [];
    return [{ name, memoryMiB: Number(mib), ...(/^\d[\d.]{0,30}$/.test(driver) ? { driver } : {}) }];
  });
}
