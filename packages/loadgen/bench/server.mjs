// A test server in a process of its own. Options come as JSON in argv; its address goes out as a line, the truth by GET /truth.
import { startTestServer } from '../dist/testing/index.js';

const server = await startTestServer(JSON.parse(process.argv[2] ?? '{}'));
process.stdout.write(`${server.url}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
