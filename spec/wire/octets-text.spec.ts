import tap from 'tap';
import { frameText, octetsText } from '../../lib/wire/octets-text.js';

const text = (bytes: Buffer) => frameText(8, bytes, 0, bytes.length);

void tap.test('octets are printed as RabbitMQ prints them', async (t) => {
  t.equal(octetsText(Buffer.from([9, 1, 0, 255, 9]), 1, 4), '<<1,0,255>>');
  t.equal(octetsText(Buffer.alloc(0), 0, 0), '<<>>');
});

void tap.test('a frame is named by its type and its first octets', async (t) => {
  t.equal(text(Buffer.alloc(0)), 'type 8, all octets = <<>>');
  t.equal(text(Buffer.from([0, 50, 0])), 'type 8, all octets = <<0,50,0>>');
  t.equal(text(Buffer.alloc(17)), `type 8, first 16 octets = <<${Array(16).fill(0).join(',')}>>`);
});

void tap.test('printable octets are printed as text', async (t) => {
  t.equal(text(Buffer.from('GET / HTTP/1.1\r\n')), 'type 8, all octets = <<"GET / HTTP/1.1\\r\\n">>');
  t.equal(
    text(Buffer.from('a"b\\c\n\t\x1b\b\v\f\r d')),
    'type 8, all octets = <<"a\\"b\\\\c\\n\\t\\e\\b\\v\\f\\r d">>',
  );
  t.equal(text(Buffer.from([0x68, 0xe9, 0x69])), 'type 8, all octets = <<"héi">>');
  t.equal(text(Buffer.from('abc\x7f')), 'type 8, all octets = <<97,98,99,127>>');
});
