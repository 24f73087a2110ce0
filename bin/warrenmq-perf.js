#!/usr/bin/env node
import { unbuilt } from './unbuilt.js';
await import('../build/bench/main.js').catch(unbuilt);
