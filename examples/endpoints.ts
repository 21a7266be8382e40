/** Where the examples find a cluster: QUORATE_ENDPOINTS, or the one that `quorate up` runs. */

const ofUp = 'http://127.0.0.1:2379,http://127.0.0.1:2381,http://127.0.0.1:2383';

export const endpoints: readonly string[] = (process.env['QUORATE_ENDPOINTS'] ?? ofUp).split(',');
