"""A closed loop of streamed chat requests by aiohttp on one event loop, in the way the Python benchmark clients do it: one task a request behind a
semaphore, one shared session, the answer read line by line, every event parsed as JSON and stamped. Prints what it cost, as JSON.

usage: aiohttp_stream.py URL STREAMS REQUESTS PROMPT_WORDS OUTPUT_TOKENS
"""

import asyncio
import json
import resource
import sys
import time

import aiohttp


async def one(session, url, body, slots):
    async with slots:
        sent = time.perf_counter()
        first = None
        last = sent
        gaps = []
        text = []
        async with session.post(url, json=body) as answer:
            answer.raise_for_status()
            async for raw in answer.content:
                line = raw.strip()
                if not line.startswith(b"data:"):
                    continue
                payload = line[5:].strip()
                if payload == b"[DONE]":
                    continue
                now = time.perf_counter()
                event = json.loads(payload)
                choices = event.get("choices")
                if not choices:
                    continue
                content = choices[0]["delta"].get("content")
                if not content:
                    continue
                if first is None:
                    first = now - sent
                else:
                    gaps.append(now - last)
                last = now
                text.append(content)
        return first, gaps, len("".join(text))


async def main():
    url, streams, requests, words, tokens = sys.argv[1], *map(int, sys.argv[2:6])
    body = {
        "model": "test",
        "messages": [{"role": "user", "content": " ".join(["word"] * words)}],
        "max_tokens": tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "ignore_eos": True,
    }
    slots = asyncio.Semaphore(streams)
    connector = aiohttp.TCPConnector(limit=streams)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        answers = await asyncio.gather(*(one(session, url + "/v1/chat/completions", body, slots) for _ in range(requests)))
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    events = sum(len(gaps) + 1 for _, gaps, _ in answers)
    print(json.dumps({"cpuMs": cpu * 1000, "events": events, "durationS": wall, "peakBytes": after.ru_maxrss * 1024}))


asyncio.run(main())
