import { main } from '../../lib/cli/main.js';

/** The server program, with limits of the store from the environment: small ones see in a second what big nodes see in hours. */
await main(process.argv.slice(2), {
  storeLimits: JSON.parse(process.env['SPEC_STORE_LIMITS'] ?? '{}'),
});
