#!/usr/bin/env node
import { unbuilt } from './unbuilt.js';
const { main } = await import('../build/lib/cli/main.js').catch(unbuilt);
await main(process.argv.slice(2));
