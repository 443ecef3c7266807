import { library } from '../../config/tsup.ts';

/** `worker` is the file that threads are started from: it must exist by that name. */
export default library({ entry: ['src/index.ts', 'src/worker.ts', 'src/testing/index.ts'] });
