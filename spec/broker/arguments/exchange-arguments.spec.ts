import tap from 'tap';
import { parseExchangeArguments } from '../../../lib/broker/arguments/exchange-arguments.js';
import { args, int, NOT_TEXTS, text } from './fields.js';
import { refusal } from './refusal.js';

void tap.test(
  'alternate-exchange names an exchange, which need not exist and may be the default one',
  async (t) => {
    t.strictSame(parseExchangeArguments(new Map()), { alternate: undefined });
    t.strictSame(parseExchangeArguments(args({ 'alternate-exchange': text('spare') })), {
      alternate: 'spare',
    });
    t.strictSame(parseExchangeArguments(args({ 'alternate-exchange': text('') })), { alternate: '' });
  },
);

void tap.test('alternate-exchange of any type but longstr is refused', async (t) => {
  for (const field of NOT_TEXTS) {
    t.equal(
      refusal(
        () => parseExchangeArguments(args({ 'alternate-exchange': field })),
        "exchange 'x' in vhost '/'",
      ),
      `invalid type '${field.type}' for arg 'alternate-exchange' in exchange 'x' in vhost '/'`,
    );
  }
});

void tap.test('unknown arguments of an exchange have no effect', async (t) => {
  t.strictSame(parseExchangeArguments(args({ 'x-foo': int(1) })), { alternate: undefined });
});
