/** Kinds of trouble that the log of an engine, a service or a job tells of. */
export type LogCategory =
  | 'gpu_memory'
  | 'host_memory'
  | 'disk'
  | 'model'
  | 'access'
  | 'gpu'
  | 'collective'
  | 'port'
  | 'arguments'
  | 'missing_part'
  | 'slurm'
  | 'killed'
  | 'network'
  | 'timeout'
  | 'http_5xx'
  | 'http_4xx'
  | 'other';

export interface CategoryWords {
  /** A few words, as a heading. */
  title: string;
  /** What to do; null: that depends on the line. */
  hint: string | null;
}

/** What each category means, in the order of how much it explains: a cause first, what follows from one last. */
export const LOG_CATEGORIES: Record<LogCategory, CategoryWords> = {
  gpu_memory: {
    title: 'Out of GPU memory',
    hint: 'lower context_length, max_concurrent_requests or gpu_memory_utilization, or use more GPUs',
  },
  host_memory: { title: 'Out of memory of the machine', hint: 'take a machine, or ask for a job, with more memory' },
  disk: { title: 'Disk full or not writable', hint: 'free some space, or rent with a larger --disk' },
  model: {
    title: 'Model could not be loaded',
    hint: 'check the name, the revision and that this version of the engine knows the architecture',
  },
  access: { title: 'Access refused', hint: 'accept the model’s licence and give a token, or check the rights on the files' },
  gpu: { title: 'GPU or driver', hint: 'bench doctor tells of driver and GPUs; the image may need a newer driver' },
  collective: {
    title: 'Communication between GPUs',
    hint: 'NCCL_DEBUG=INFO in extra_env tells more; a shared memory that is too small is a common cause',
  },
  port: { title: 'Port taken', hint: 'another program listens there' },
  arguments: { title: 'Argument or setting refused', hint: 'compare extra_args with what this version of the engine takes' },
  missing_part: { title: 'Program, module or library missing', hint: 'the image or the machine lacks it' },
  slurm: { title: 'Ended by Slurm', hint: 'ask for more time or memory, or look at what sacct says of the job' },
  killed: { title: 'Process killed or crashed', hint: null },
  network: { title: 'Connection refused or lost', hint: null },
  timeout: { title: 'Timed out', hint: null },
  http_5xx: { title: 'HTTP 5xx answers', hint: null },
  http_4xx: { title: 'HTTP 4xx answers', hint: null },
  other: { title: 'Other errors', hint: null },
};

/**
 * How lines tell of each, the first that fits counts. From the messages of PyTorch, vLLM, SGLang, llama.cpp, Hugging Face’s libraries, NCCL, the Linux
 * kernel, Docker, nginx, uvicorn and Slurm.
 */
const PATTERNS: readonly (readonly [LogCategory, RegExp])[] = [
  [
    'slurm',
    /\bDUE TO (?:TIME LIMIT|PREEMPTION|NODE FAILURE)|\bslurmstepd\S*: error: (?!\*\*\* \w+ \S+ ON \S+ CANCELLED AT \S+ \*\*\*)|\bsrun: error|\bsbatch: error|\bslurmctld\b.*\berror\b/i,
  ],
  [
    'gpu_memory',
    /(?:CUDA|HIP|GPU|device) (?:error: )?out of memory|OutOfMemoryError|cudaMalloc failed|CUDA_ERROR_OUT_OF_MEMORY|No available memory for the cache blocks|(?:larger|greater) than the maximum number of tokens that can be stored in (?:the )?KV cache|(?:KV cache (?:is|memory)|memory) (?:needed|is needed), which is larger than the available|Not enough memory\. Please try to increase --mem-fraction-static|Free memory on device .* is less than desired GPU memory utilization/i,
  ],
  [
    'host_memory',
    /Cannot allocate memory|std::bad_alloc|\bMemoryError\b|oom[-_ ]kill|Out of memory: Killed|\bOOMKilled\b|exceeded (?:job |step )?memory limit/i,
  ],
  ['disk', /No space left on device|Disk quota exceeded|Read-only file system|\bENOSPC\b|\bEROFS\b|not enough free disk space/i],
  [
    'access',
    /GatedRepoError|gated repo|401 Client Error|403 Client Error|Permission denied|\bEACCES\b|Invalid (?:user )?token|Unauthorized access|pull access denied|authentication required/i,
  ],
  [
    'model',
    /RepositoryNotFoundError|RevisionNotFoundError|EntryNotFoundError|is not a (?:local folder and is not a )?valid model identifier|error loading model|failed to load model|(?:unable|failed) to load (?:the )?(?:model|weights)|Model architectures? .* (?:is|are) not supported|does not recognize this architecture|SafetensorError|Error while deserializing header|unknown model architecture|invalid magic|Unknown quantization method|size mismatch for /i,
  ],
  [
    'gpu',
    /\bCUDA (?:error|driver)|CUDA_ERROR_|cudaError|no CUDA-capable device|\bNVRM\b|\bXid\b|driver\/library version mismatch|could not select device driver|HIP error|hipError|no kernel image is available|device-side assert|CUBLAS_STATUS_|nvidia-container-cli: .*error|Failed to infer device type|No (?:supported )?(?:GPU|accelerator)s? (?:found|is available)/i,
  ],
  [
    'collective',
    /\bNCCL (?:error|WARN)|ncclSystemError|ncclUnhandledCudaError|ncclInternalError|ProcessGroupNCCL.*(?:timeout|timed out)|\bRCCL\b.*error/i,
  ],
  ['port', /Address already in use|\bEADDRINUSE\b|port is already allocated/i],
  [
    'arguments',
    /unrecognized arguments?|unrecognized option|unknown (?:argument|option)|invalid choice|the following arguments are required|error: argument |error: invalid argument|ValidationError|must be divisible by|Total number of attention heads/i,
  ],
  [
    'missing_part',
    /ModuleNotFoundError|ImportError|No module named|command not found|executable file not found|error while loading shared libraries|cannot open shared object file|exec format error|manifest (?:for .* not found|unknown)/i,
  ],
  [
    'killed',
    /Segmentation fault|SIGSEGV|SIGKILL|SIGABRT|SIGBUS|core dumped|\bKilled\b|exit(?:ed)? (?:with )?(?:code|status) 137|died unexpectedly|Fatal Python error/,
  ],
  [
    'network',
    /Connection refused|Connection reset|Connection aborted|Broken pipe|\bECONNREFUSED\b|\bECONNRESET\b|prematurely closed connection|Temporary failure in name resolution|Could not resolve host|Name or service not known|Network is unreachable|No route to host|MaxRetryError|RemoteDisconnected/i,
  ],
  ['timeout', /\btimed[ -]out\b|TimeoutError|ReadTimeout|ConnectTimeout|deadline exceeded|\bETIMEDOUT\b/i],
];

/** Answers with a status of a failure, as servers and clients write them down. */
const STATUS = /(?:HTTP\/\d(?:\.\d)?"?|\bHTTP|\bstatus(?:[ _]code)?[:=]?|\b\d{1,3}(?:\.\d{1,3}){3}) ?([45]\d\d)\b/i;
/** What is asked again and again while an engine comes up, and refused until it has. */
const ASKED_WHILE_WAITING = /"?(?:GET|HEAD) \/(?:health|ready|ping|metrics|v1\/models|get_model_info)\b/;

/** A level that a line begins with. */
const QUIET = /^\W*(?:INFO|DEBUG|TRACE|NOTICE)\b/;
const LOUD =
  /^\W*(?:ERROR|CRITICAL|FATAL)\b|^(?:error|fatal|panic)(?:\[[^\]]*\])?:|\blevel=(?:error|fatal)\b|"(?:level|severity|event)": ?"(?:error|fatal)"|^E\d{4} /i;
const EXCEPTION = /^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt)(?::|$)/;
/** What a line begins with before its own words: which process (`(EngineCore_DP0 pid=272)`), when, which level and place. */
const PROCESS = /^(?:\([\w .=-]{1,60}\)|\[rank\d+\]:?|[\w.-]{1,40} *\|)\s?/;
const STAMP = /^(?:\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]{0,20}\]|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*Z?) ?/;
const LEVEL = /^(?:ERROR|CRITICAL|FATAL|WARNING|WARN|INFO|DEBUG)\b:?(?: \d\d-\d\d \d\d:\d\d:\d\d)?(?: \[[\w./]{1,80}:\d+\])? ?/;

/** Which kind of trouble a line tells of; null: none. */
export function categoryOf(line: string): LogCategory | null {
  const text = line.replace(PROCESS, '').replace(STAMP, '');
  const words = text.replace(LEVEL, '');
  const status = STATUS.exec(words);
  if (status) {
    if (ASKED_WHILE_WAITING.test(words)) return null;
    return status[1]?.startsWith('5') ? 'http_5xx' : 'http_4xx';
  }
  // Frames and code of a traceback name functions and files; its last line says what happened.
  if (/^\s*(?:Traceback \(|File "|[~^]+$)/.test(words) || /^\s{2,}/.test(words)) return null;
  if (QUIET.test(text)) return null;
  const found = PATTERNS.find(([, pattern]) => pattern.test(words));
  if (found) return found[0];
  return LOUD.test(text) || EXCEPTION.test(words) ? 'other' : null;
}
