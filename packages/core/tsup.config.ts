import { library } from '../../config/tsup.ts';

// `error` stands alone so that a command line can report an error without loading the schemas.
export default library({ entry: ['src/index.ts', 'src/error.ts'] });
