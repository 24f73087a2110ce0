#!/usr/bin/env node
import { requireNode, unbuilt } from './unbuilt.js';
requireNode('warrenmq');
const { main } = await import('../build/lib/cli/main.js').catch(unbuilt);
await main(process.argv.slice(2));
