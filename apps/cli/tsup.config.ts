import { library } from '../../config/tsup.ts';

export default library({ entry: ['src/bench.ts'], dts: false, banner: { js: '#!/usr/bin/env node' } });
