import tap from 'tap';
import { decodeText, decodeUtf8, encodeText } from '../../lib/wire/text.js';
import { MalformedTextError } from '../../lib/wire/wire-error.js';

function decode(bytes: Buffer): string {
  return decodeText(bytes, 0, bytes.length);
}

void tap.test('UTF-8 is text', async (t) => {
  for (const text of ['', 'plain', 'é', '\u{1f407} rabbit', '\ufffd', '\ufeffbom', '\0']) {
    t.equal(decode(Buffer.from(text)), text);
    t.equal(encodeText(text).toString('hex'), Buffer.from(text).toString('hex'));
    t.equal(decodeUtf8(Buffer.from(text), 0, Buffer.byteLength(text)), text);
  }
});

void tap.test('bytes that are not UTF-8 come back as they were', async (t) => {
  const sequences = [
    'ff',
    'fffe',
    'c080', // overlong
    'e282', // cut off
    'e28261',
    'eda080', // a surrogate
    'edb280', // one of those that stand for bytes
    'f4908080', // beyond Unicode
    'c3a9ffc3a9',
    'f09f9087ff',
    'fff09f9087',
    'efbfbdff', // a real replacement character beside
  ];
  for (const hex of sequences) {
    const bytes = Buffer.from(hex, 'hex');
    t.equal(encodeText(decode(bytes)).toString('hex'), hex);
    t.throws(
      () => decodeUtf8(bytes, 0, bytes.length),
      MalformedTextError,
      `${hex} is not accepted as a name`,
    );
  }
});

void tap.test('all byte pairs decode to different strings and back', async (t) => {
  const seen = new Set<string>();
  let lost = 0;
  for (let pair = 0; pair < 0x10000; pair++) {
    const bytes = Buffer.from([pair >> 8, pair & 0xff]);
    const text = decode(bytes);
    seen.add(text);
    if (!encodeText(text).equals(bytes)) lost++;
  }
  t.equal(seen.size, 0x10000);
  t.equal(lost, 0);
});
