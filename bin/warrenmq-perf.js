#!/usr/bin/env node
await import('../build/bench/main.js');
