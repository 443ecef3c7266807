import { library } from '../../config/tsup.ts';

export default library({
  entry: [
    'src/index.ts',
    'src/cloudrift/index.ts',
    'src/gcp/index.ts',
    'src/slurm/index.ts',
    'src/vast/index.ts',
    'src/testing/index.ts',
    'src/testing/program/bench-fake-cloud.ts',
  ],
});
