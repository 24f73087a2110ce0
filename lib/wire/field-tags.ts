import type { FieldType } from './field-value.js';

/**
 * The octet in front of each value. Where the 0-9-1 document and the implementations disagree [AMQP 4.2.5.5, errata],
 * these are RabbitMQ's.
 */
export const TAG = {
  bool: 0x74, // t
  byte: 0x62, // b
  unsignedbyte: 0x42, // B
  short: 0x73, // s
  unsignedshort: 0x75, // u
  signedint: 0x49, // I
  unsignedint: 0x69, // i
  long: 0x6c, // l
  timestamp: 0x54, // T
  float: 0x66, // f
  double: 0x64, // d
  decimal: 0x44, // D
  longstr: 0x53, // S
  binary: 0x78, // x
  array: 0x41, // A
  table: 0x46, // F
  void: 0x56, // V
} as const satisfies Record<FieldType, number>;

/** `L`: some clients send their 64-bit integers so; read as `long`, and written as `l` if written again. */
export const QPID_LONG = 0x4c;
