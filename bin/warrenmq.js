#!/usr/bin/env node
import { main } from '../build/lib/cli/main.js';
await main(process.argv.slice(2));
