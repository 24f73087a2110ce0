import type { Config } from './schema.js';

type Limits = Pick<
  Config,
  'vm_memory_high_watermark' | 'disk_free_limit' | 'total_memory_available_override_value'
>;

/** Bytes of memory in use from which publishers are held back, on a system with `systemMemory` bytes. */
export function memoryLimit(config: Limits, systemMemory: number): number {
  return inBytes(config.vm_memory_high_watermark, memoryOf(config, systemMemory));
}

/** Bytes of free disk space below which publishers are held back. */
export function diskFreeLimit(config: Limits, systemMemory: number): number {
  return inBytes(config.disk_free_limit, memoryOf(config, systemMemory));
}

function memoryOf(config: Limits, systemMemory: number): number {
  return config.total_memory_available_override_value ?? systemMemory;
}

function inBytes(watermark: Limits['disk_free_limit'], memory: number): number {
  return 'absolute' in watermark ? watermark.absolute : Math.floor(watermark.relative * memory);
}
