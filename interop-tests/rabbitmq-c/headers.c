/* Headers of every type that rabbitmq-c knows, compared byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "interop.h"

#define FIELD(name, type, member, ...) \
  { {sizeof(name) - 1, name}, { .kind = AMQP_FIELD_KIND_##type, .value.member = __VA_ARGS__ } }
#define BYTES(content) {sizeof(content) - 1, content}

static amqp_field_value_t list[] = {
    {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = BYTES("one")},
    {.kind = AMQP_FIELD_KIND_I32, .value.i32 = 2},
    {.kind = AMQP_FIELD_KIND_VOID},
};
static amqp_table_entry_t innermost[] = {FIELD("innermost", I32, i32, 1)};
static amqp_table_entry_t inner[] = {
    FIELD("inner", TABLE, table, {1, innermost}),
    FIELD("empty", TABLE, table, {0, NULL}),
};
static char long_string[10000];

static amqp_table_entry_t sent[] = {
    FIELD("string", UTF8, bytes, BYTES("Gr\xc3\xbc\xc3\x9f" "e, \xe4\xb8\x96\xe7\x95\x8c")),
    FIELD("empty", UTF8, bytes, BYTES("")),
    FIELD("long", UTF8, bytes, {sizeof long_string, long_string}),
    FIELD("bytes", BYTES, bytes, BYTES("\x00\xff\x80")),
    FIELD("true", BOOLEAN, boolean, 1),
    FIELD("false", BOOLEAN, boolean, 0),
    FIELD("i8", I8, i8, -128),
    FIELD("u8", U8, u8, 255),
    FIELD("i16", I16, i16, -32768),
    FIELD("u16", U16, u16, 65535),
    FIELD("i32", I32, i32, INT32_MIN),
    FIELD("u32", U32, u32, UINT32_MAX),
    FIELD("i64", I64, i64, INT64_MIN),
    FIELD("u64", U64, u64, INT64_MAX),
    FIELD("f32", F32, f32, 1.5F),
    FIELD("f64", F64, f64, 2.718281828459045e-100),
    FIELD("decimal", DECIMAL, decimal, {3, 12345}),
    FIELD("timestamp", TIMESTAMP, u64, 4102444800U),
    FIELD("void", VOID, i32, 0),
    FIELD("array", ARRAY, array, {3, list}),
    FIELD("table", TABLE, table, {2, inner}),
};

static amqp_bytes_t encoded(amqp_table_t *table) {
  static char buffers[2][32 * 1024];
  static int next;
  amqp_bytes_t place = {sizeof buffers[0], buffers[next++ % 2]};
  size_t length = 0;
  require(amqp_encode_table(place, table, &length) == AMQP_STATUS_OK);
  return (amqp_bytes_t){length, place.bytes};
}

static amqp_basic_properties_t all_properties(void) {
  struct amqp_connection_info info;
  require(amqp_parse_url(strdup(getenv("AMQP_URL")), &info) == AMQP_STATUS_OK);
  return (amqp_basic_properties_t){
      ._flags = 0xfffc,
      .content_type = text("application/octet-stream"),
      .content_encoding = text("identity"),
      .headers = {sizeof sent / sizeof sent[0], sent},
      .delivery_mode = 2,
      .priority = 7,
      .correlation_id = text("correlation"),
      .reply_to = text("reply to"),
      .expiration = text("3600000"),
      .message_id = text("message"),
      .timestamp = 1700000000,
      .type = text("type"),
      .user_id = text(info.user),
      .app_id = text("app"),
      .cluster_id = text("cluster"),
  };
}

static bool equal(amqp_bytes_t left, amqp_bytes_t right) {
  return left.len == right.len && memcmp(left.bytes, right.bytes, left.len) == 0;
}

void headers(void);

void headers(void) {
  connection conn = open_connection(1);
  memset(long_string, 'x', sizeof long_string);
  const char *queue = own_queue(conn, 1, "headers");
  amqp_basic_properties_t properties = all_properties();
  publish_with(conn, 1, "", queue, false, &properties, text("body"));
  message got = get(conn, 1, queue);
  amqp_basic_properties_t *received = &got.content.properties;
  require(received->_flags == properties._flags);
  require(equal(encoded(&received->headers), encoded(&properties.headers)));
  require(received->delivery_mode == 2 && received->priority == 7 && received->timestamp == 1700000000);
  require(equal(received->content_type, properties.content_type));
  require(equal(received->content_encoding, properties.content_encoding));
  require(equal(received->correlation_id, properties.correlation_id));
  require(equal(received->reply_to, properties.reply_to));
  require(equal(received->expiration, properties.expiration));
  require(equal(received->message_id, properties.message_id));
  require(equal(received->type, properties.type));
  require(equal(received->user_id, properties.user_id));
  require(equal(received->app_id, properties.app_id));
  require(equal(received->cluster_id, properties.cluster_id));
  discard(&got);
  close_connection(conn);
}
