import { posix } from 'node:path';
import { BenchError, EXIT, type Host, type Io } from '@bench/core';
import { runInBackground } from './background.ts';
import type { ComposeProject } from './compose-project.ts';
import { type ComposeRecord, DOWNLOAD_ENV_FILE, downloadId } from './compose-record.ts';
import { PROJECT_LABEL } from './container-state.ts';
import { dockerFailure } from './docker-failure.ts';
import type { Weights } from './weights.ts';

type HuggingFace = Extract<Weights, { kind: 'huggingface' }>;

/** In the engine's container. The older program has another name. */
const DOWNLOAD = String.raw`
if command -v hf >/dev/null 2>&1; then exec hf download "$@"; fi
if command -v huggingface-cli >/dev/null 2>&1; then exec huggingface-cli download "$@"; fi
echo 'bench: the image has neither hf nor huggingface-cli' >&2
exit 90
`;
const NO_TOOL = 90;

/**
 * Whether a snapshot is whole, as Hugging Face's cache lays it out: `models--org--name/{refs,snapshots,blobs}`. Nothing half loaded,
 * some weights, and of a model in parts (`…-00001-of-00030…`) all of them.
 */
const IS_CACHED = String.raw`
dir=$1 revision=$2
commit=$revision
[ -f "$dir/refs/$revision" ] && commit=$(cat "$dir/refs/$revision")
snapshot=$dir/snapshots/$commit
[ -d "$snapshot" ] || exit 1
for part in "$dir"/blobs/*.incomplete; do [ -e "$part" ] && exit 1; done
found=
for file in "$snapshot"/*.safetensors "$snapshot"/*.bin "$snapshot"/*.pt "$snapshot"/*.pth "$snapshot"/*.gguf; do
  [ -e "$file" ] || continue
  found=1
  case $file in
    *-of-[0-9]*.*)
      total=\${file##*-of-}
      end=.\${total#*.}
      total=\${total%%.*}
      have=0
      for part in "$snapshot"/*-of-"$total$end"; do [ -e "$part" ] && have=$((have + 1)); done
      while [ "\${total#0}" != "$total" ]; do total=\${total#0}; done
      [ "$have" -ge "\${total:-0}" ] || exit 1
      ;;
  esac
done
[ -n "$found" ]
`.replaceAll('\\$', '$');

/** The container that fetches weights, as it is run and as a dry run shows it. Its label makes it go with the project. */
export function downloadArgv(record: ComposeRecord, weights: HuggingFace): [string, ...string[]] {
  const { containers, project, modelDir, hostDir, engine } = record;
  return [
    ...containers.docker,
    'run',
    '--rm',
    '--name',
    downloadId(project),
    '--label',
    `${PROJECT_LABEL}=${project}`,
    '--mount',
    `type=bind,"source=${csv(modelDir)}","target=${csv(modelDir)}"`,
    '--env',
    `HF_HOME=${modelDir}`,
    '--env-file',
    posix.join(hostDir, DOWNLOAD_ENV_FILE),
    '--entrypoint',
    'sh',
    engine.image as string,
    '-c',
    DOWNLOAD.trim(),
    'sh',
    weights.name,
    ...(weights.revision === null ? [] : ['--revision', weights.revision]),
  ];
}

/** Docker reads a mount as a line of CSV. */
const csv = (text: string) => text.replaceAll('"', '""');

/** Are the weights in the host's cache? */
export async function weightsCached(host: Host, record: ComposeRecord, weights: HuggingFace, signal: AbortSignal): Promise<boolean> {
  const dir = posix.join(record.modelDir, 'hub', `models--${weights.name.replaceAll('/', '--')}`);
  const { code } = await host.exec(
    { script: IS_CACHED, args: [dir, weights.revision ?? 'main'] },
    { signal, timeoutMs: 60_000, repeatable: true },
  );
  return code === 0;
}

const FAILURES: readonly { pattern: RegExp; code: `BENCH_${string}`; message: string; hint: string; exitCode?: number }[] = [
  {
    pattern: /GatedRepoError|Access to model .* is restricted|awaiting a review|403 (?:Client Error|Forbidden)/,
    code: 'BENCH_MODEL_ACCESS',
    message: 'Hugging Face does not let you have it',
    hint: 'accept the model’s terms on huggingface.co and export HF_TOKEN',
    exitCode: EXIT.provider,
  },
  {
    pattern: /RepositoryNotFoundError|Repository Not Found|401 Client Error|Invalid user token|Invalid username or password/,
    code: 'BENCH_MODEL_ACCESS',
    message: 'there is no such repository, or it is private and HF_TOKEN does not open it',
    hint: 'check model.huggingface in the recipe, and export HF_TOKEN for a private one',
    exitCode: EXIT.provider,
  },
  {
    pattern: /RevisionNotFoundError|Revision Not Found|Invalid rev id/,
    code: 'BENCH_MODEL_ACCESS',
    message: 'the repository has no such revision',
    hint: 'check model.revision in the recipe',
    exitCode: EXIT.usage,
  },
  {
    pattern:
      /Name or service not known|Temporary failure in name resolution|ConnectionError|ConnectTimeout|LocalEntryNotFoundError|MaxRetryError/,
    code: 'BENCH_MODEL_DOWNLOAD',
    message: 'Hugging Face cannot be reached from there',
    hint: 'check the host’s way to huggingface.co, or put the model into its cache',
  },
];

/**
 * Fetches a model's weights into the host's model folder, in a container of the engine's image. Goes on over a lost connection, and from
 * where an earlier try ended.
 * @throws BenchError with the reason in one line.
 */
export async function fetchWeights(options: {
  host: Host;
  record: ComposeRecord;
  weights: HuggingFace;
  project: ComposeProject;
  io: Io;
  signal: AbortSignal;
  token: string | undefined;
  onProgress(text: string): void;
}): Promise<void> {
  const { host, record, weights, project, io, signal, token } = options;
  // Docker reads such a file line by line, and knows no quotes.
  const line = token !== undefined && !/[\r\n]/.test(token) ? `HF_TOKEN=${token}\n` : '';
  await project.writeFiles([{ path: DOWNLOAD_ENV_FILE, content: line, mode: 0o600 }]);
  const { code, output } = await runInBackground(
    host,
    { argv: downloadArgv(record, weights) },
    {
      id: downloadId(record.project),
      io,
      signal,
      onLine: (text) => {
        const shown = text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
        if (shown !== '') options.onProgress(shown.slice(0, 160));
      },
    },
  );
  if (code === 0) return;
  throw downloadFailure(output, { host: host.name, name: weights.name, image: record.engine.image ?? '', code });
}

function downloadFailure(output: string, context: { host: string; name: string; image: string; code: number | null }): BenchError {
  const what = `fetching ${context.name} on ${context.host}`;
  if (context.code === NO_TOOL) {
    return new BenchError({
      code: 'BENCH_IMAGE_UNFIT',
      message: `${what}: ${context.image} has neither hf nor huggingface-cli`,
      hint: 'put the weights into the host’s Hugging Face cache yourself, or use the engine’s own image',
    });
  }
  const known = FAILURES.find(({ pattern }) => pattern.test(output));
  if (known && !/no space left on device/i.test(output)) {
    const { pattern: _, message, ...rest } = known;
    return new BenchError({ ...rest, message: `${what}: ${message}`, details: { model: context.name } });
  }
  const failure = dockerFailure(output, { host: context.host, what, code: context.code });
  if (failure.code !== 'BENCH_DOCKER_FAILED') failure.message = `${what}: ${failure.message}`;
  return failure;
}
