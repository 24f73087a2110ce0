#!/usr/bin/env node
import { requireNode, unbuilt } from './unbuilt.js';
requireNode('warrenmq-perf');
await import('../build/bench/main.js').catch(unbuilt);
