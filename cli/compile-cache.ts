/** Where compiled code is kept: in a folder that only the installing user writes, so nobody else's code runs. */
import { fileURLToPath } from 'node:url';

export const compileCacheFolder: string = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
