import { library } from '../../config/tsup.ts';

// `flags` stands alone so that a command line can list them without loading the rest.
export default library({ entry: { index: 'src/index.ts', flags: 'src/arguments/flags.ts' } });
