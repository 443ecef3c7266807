import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyseLog } from './analyse-log.ts';

const categories = (...lines: string[]) => analyseLog(lines).map(({ category, count }) => [category, count]);

describe('analyseLog', () => {
  it.each([
    [
      'gpu_memory',
      '(EngineCore_DP0 pid=272) ERROR 08-05 10:11:12 [core.py:700] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.25 GiB.',
    ],
    ['gpu_memory', 'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 20480.00 MiB on device 0: cudaMalloc failed: out of memory'],
    [
      'gpu_memory',
      "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be stored in KV cache (60976).",
    ],
    ['gpu_memory', 'RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.'],
    ['host_memory', 'Out of memory: Killed process 4242 (python3) total-vm:90123kB'],
    ['disk', 'OSError: [Errno 28] No space left on device'],
    ['access', 'huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-6)'],
    ['model', 'OSError: no/such is not a local folder and is not a valid model identifier listed on the hub'],
    ['model', 'llama_model_load: error loading model: invalid magic characters'],
    ['gpu', 'RuntimeError: CUDA error: no kernel image is available for execution on the device'],
    ['gpu', 'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].'],
    ['collective', 'torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:77, unhandled system error'],
    ['port', 'OSError: [Errno 98] Address already in use'],
    ['arguments', 'api_server.py: error: unrecognized arguments: --max-num-sequences 8'],
    ['missing_part', "ModuleNotFoundError: No module named 'vllm'"],
    ['slurm', 'slurmstepd: error: *** JOB 512 ON gpu1 CANCELLED AT 2026-05-04T13:22:00 DUE TO TIME LIMIT ***'],
    ['killed', 'engine.sh: line 3:  4242 Segmentation fault      (core dumped) python3 server.py'],
    ['network', 'nginx: connect() failed (111: Connection refused) while connecting to upstream'],
    ['timeout', 'asyncio.exceptions.TimeoutError'],
    ['http_5xx', 'INFO:     10.0.0.2:51342 - "POST /v1/chat/completions HTTP/1.1" 500 Internal Server Error'],
    ['http_4xx', 'INFO:     10.0.0.2:51342 - "POST /v1/chat/completions HTTP/1.1" 404 Not Found'],
    ['other', 'RuntimeError: Engine core initialization failed. See root cause above.'],
    ['other', '{"event":"error","message":"the weights have no such tensor"}'],
    ['other', '2026-05-04 13:22:00,123 ERROR something that nobody foresaw'],
  ])('%s: %s', (category, line) => {
    expect(categories(line)).toEqual([[category, 1]]);
  });

  it.each([
    'INFO:     10.0.0.2:51342 - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    'INFO:     127.0.0.1:51342 - "GET /health HTTP/1.1" 503 Service Unavailable',
    "INFO 08-05 10:11:12 [utils.py:326] non-default args: {'model': 'm', 'timeout': 500, 'error_log': None, 'disable_log_requests': True}",
    'WARNING 08-05 10:11:12 [config.py:500] The model has a generation config that overrides the defaults',
    '(EngineCore_DP0 pid=272) ERROR 08-05 10:11:12 [core.py:700] Traceback (most recent call last):',
    '(EngineCore_DP0 pid=272) ERROR 08-05 10:11:12 [core.py:700]   File "/usr/lib/timeout_error.py", line 500, in raise_connection_refused',
    '(EngineCore_DP0 pid=272) ERROR 08-05 10:11:12 [core.py:700]     raise_out_of_memory(MemoryError("x"))',
    '    raise TimeoutError("never")',
    'slurmstepd-gpu0: error: *** JOB 8 ON gpu0 CANCELLED AT 2026-11-22T16:00:51 ***',
    'Available KV cache memory: 18.08 GiB, 500 blocks',
    'Loading safetensors checkpoint shards: 100% Completed | 4/4 [00:02<00:00, 1.50it/s]',
    '',
  ])('finds no trouble in: %s', (line) => {
    expect(categories(line)).toEqual([]);
  });

  it('puts the cause before what followed from it, with different examples and their lines', () => {
    const refused = (i: number) => `INFO:     10.0.0.2:${40_000 + i} - "POST /v1/completions HTTP/1.1" 503 Service Unavailable`;
    const issues = analyseLog([
      ...Array.from({ length: 500 }, (_, i) => refused(i)),
      '\u001B[31mERROR\u001B[0m 08-05 10:11:12 [core.py:7] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.25 GiB.',
      'ERROR 08-05 10:11:13 [core.py:7] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB.',
    ]);
    expect(issues).toEqual([
      {
        category: 'gpu_memory',
        title: 'Out of GPU memory',
        hint: expect.stringContaining('gpu_memory_utilization') as string,
        count: 2,
        examples: [{ line: 501, text: expect.stringContaining('2.25 GiB') as string }],
      },
      {
        category: 'http_5xx',
        title: 'HTTP 5xx answers',
        hint: null,
        count: 500,
        examples: [{ line: 1, text: refused(0).replace(/ +/g, ' ') }],
      },
    ]);
  });

  it('takes any line, and shows none that could harm a terminal', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (lines) => {
        for (const { examples, count } of analyseLog(lines)) {
          expect(count).toBeGreaterThan(0);
          // oxlint-disable-next-line no-control-regex
          for (const { text } of examples) expect(text).not.toMatch(/[\u0000-\u001F]/);
        }
      }),
    );
    const long = `${'error: '.repeat(100_000)}Connection refused`;
    expect(categories(long)).toEqual([['other', 1]]);
  });
});
