import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The common checks with RabbitMQ's Java client. */
public final class Main {
  private static final String DURABLE = Interop.PREFIX + "durable";

  static void connect() throws Exception {
    Broker.withConnection(connection -> {
      Map<String, Object> properties = connection.getServerProperties();
      Interop.remark("server " + properties.get("product") + " " + properties.get("version"));
      Map<?, ?> capabilities = (Map<?, ?>) properties.get("capabilities");
      for (String name : List.of("publisher_confirms", "basic.nack", "consumer_cancel_notify", "connection.blocked",
          "exchange_exchange_bindings", "authentication_failure_close")) {
        Interop.equal(capabilities.get(name), true, "capability " + name);
      }
    });
    ConnectionFactory factory = Broker.factory();
    factory.setPassword("not the password");
    try (Connection connection = factory.newConnection()) {
      throw new AssertionError("a bad password was accepted");
    } catch (AuthenticationFailureException error) {
      Interop.startsWith(error.getMessage(), "ACCESS_REFUSED - Login was refused using authentication mechanism");
    }
  }

  static void declare() throws Exception {
    Broker.withChannel((channel, connection) -> {
      for (String kind : List.of("direct", "topic", "fanout", "headers")) {
        channel.exchangeDeclare(Interop.PREFIX + kind, kind, false, true, null);
      }
      String direct = Interop.PREFIX + "direct";
      String topic = Interop.PREFIX + "topic";
      String fanout = Interop.PREFIX + "fanout";
      String headers = Interop.PREFIX + "headers";
      String one = Broker.ownQueue(channel, "one");
      String two = Broker.ownQueue(channel, "two");
      String three = Broker.ownQueue(channel, "three");
      channel.queueBind(one, topic, "a.*.c");
      channel.queueBind(two, topic, "a.#");
      channel.queueBind(three, headers, "", Map.of("x-match", "all", "kind", "order", "size", 3));
      channel.queueBind(three, direct, "to three");
      channel.queueBind(one, fanout, "");
      channel.exchangeBind(fanout, direct, "to fanout");
      Broker.publish(channel, topic, "a.b.c", "both");
      Broker.publish(channel, topic, "a", "only two");
      Broker.publish(channel, direct, "to fanout", "through two exchanges");
      Broker.publish(channel, direct, "to three", "direct");
      channel.basicPublish(headers, "", withHeaders(Map.of("kind", "order", "size", 3L)), "matched".getBytes(UTF_8));
      channel.basicPublish(headers, "", withHeaders(Map.of("kind", "order")), "unmatched".getBytes(UTF_8));
      Interop.equal(Broker.drain(channel, one), List.of("both", "through two exchanges"), "queue one");
      Interop.equal(Broker.drain(channel, two), List.of("both", "only two"), "queue two");
      Interop.equal(Broker.drain(channel, three), List.of("direct", "matched"), "queue three");
      channel.queueUnbind(two, topic, "a.#");
      Broker.publish(channel, topic, "a.b.c", "after unbind");
      Interop.equal(Broker.drain(channel, one), List.of("after unbind"), "queue one after unbind");
      Interop.equal(Broker.drain(channel, two), List.of(), "queue two after unbind");
      Broker.refused(connection, 404, "NOT_FOUND - no queue '" + Interop.PREFIX + "missing' in vhost",
          other -> other.queueDeclarePassive(Interop.PREFIX + "missing"));
      Broker.refused(connection, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'",
          other -> other.queueDeclare(one, false, true, true, null));
      Interop.startsWith(channel.queueDeclare().getQueue(), "amq.gen-");
      Broker.publish(channel, "", two, "left");
      Interop.equal(channel.queueDelete(two).getMessageCount(), 1, "messages in the deleted queue");
    });
  }

  private static BasicProperties withHeaders(Map<String, Object> headers) {
    return new BasicProperties.Builder().headers(headers).build();
  }

  static void tenThousand() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "many");
      for (int index = 0; index < Interop.MESSAGES; index++) Broker.publish(channel, "", queue, "message " + index);
      channel.basicQos(500);
      BlockingQueue<Broker.Message> received = Broker.consume(channel, queue, false);
      for (int index = 0; index < Interop.MESSAGES; index++) {
        Broker.Message message = Interop.next(received, "message " + index);
        Interop.equal(message.seen(), List.of("message " + index, false), "message");
        channel.basicAck(message.tag(), false);
      }
      channel.close();
      Broker.holds(connection.createChannel(), queue, 0);
    });
  }

  static void confirms() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "confirmed");
      channel.confirmSelect();
      for (int index = 0; index < 1_000; index++) {
        channel.basicPublish("", queue, MessageProperties.PERSISTENT_TEXT_PLAIN, String.valueOf(index).getBytes(UTF_8));
      }
      channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(Interop.PATIENCE));
      Interop.equal(channel.getNextPublishSeqNo(), 1_001L, "next sequence number");
      Broker.holds(channel, queue, 1_000);
    });
  }

  static void returns() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "returns");
      BlockingQueue<List<Object>> returned = new LinkedBlockingQueue<>();
      channel.addReturnListener((code, text, exchange, key, properties, body) ->
          returned.add(List.of(code, text, exchange, key, properties.getMessageId(), new String(body, UTF_8))));
      channel.confirmSelect();
      channel.basicPublish("", queue, true, null, "routed".getBytes(UTF_8));
      BasicProperties properties = new BasicProperties.Builder().messageId("m1").build();
      channel.basicPublish("", Interop.PREFIX + "nobody", true, properties, "unroutable".getBytes(UTF_8));
      channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(Interop.PATIENCE));
      // Nothing more to wait for: a return comes before the confirm.
      Interop.equal(returned.size(), 1, "returned messages");
      List<Object> expected = List.of(312, "NO_ROUTE", "", Interop.PREFIX + "nobody", "m1", "unroutable");
      Interop.equal(returned.remove(), expected, "returned message");
      Interop.equal(Broker.drain(channel, queue), List.of("routed"), "routed messages");
    });
  }

  static void requeue() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "requeue");
      for (String body : List.of("a", "b", "c")) Broker.publish(channel, "", queue, body);
      Broker.Message first = Broker.get(channel, queue);
      Interop.equal(first.seen(), List.of("a", false), "first get");
      channel.basicReject(first.tag(), true);
      Broker.Message again = Broker.get(channel, queue);
      Interop.equal(again.seen(), List.of("a", true), "the rejected message, in its old place");
      channel.basicAck(again.tag(), false);
      Interop.equal(Broker.get(channel, queue).seen(), List.of("b", false), "the next");
      channel.basicNack(Broker.get(channel, queue).tag(), true, true);
      Interop.equal(Broker.get(channel, queue).seen(), List.of("b", true), "first after nack");
      Interop.equal(Broker.get(channel, queue).seen(), List.of("c", true), "second after nack");
      channel.basicRecover(true);
      Interop.equal(Broker.get(channel, queue).seen(), List.of("b", true), "after recover");
      channel.basicAck(Broker.get(channel, queue).tag(), true);
      Interop.equal(channel.basicGet(queue, true), null, "the queue at the end");
    });
  }

  static void qos() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "qos");
      for (int index = 0; index < 10; index++) Broker.publish(channel, "", queue, String.valueOf(index));
      channel.basicQos(3);
      BlockingQueue<Broker.Message> received = Broker.consume(channel, queue, false);
      List<Broker.Message> got = new ArrayList<>();
      for (int count : new int[] {3, 4, 7}) {
        while (got.size() < count) got.add(Interop.next(received, count + " deliveries"));
        Broker.holds(channel, queue, 10 - count);
        Interop.equal(received.size(), 0, "deliveries over the prefetch count");
        if (count == 3) channel.basicAck(got.get(0).tag(), false);
        if (count == 4) channel.basicAck(got.get(3).tag(), true);
      }
      List<String> order = got.stream().map(Broker.Message::text).toList();
      Interop.equal(order, List.of("0", "1", "2", "3", "4", "5", "6"), "order");
    });
  }

  static void headers() throws Exception {
    Map<String, Object> sent = new HashMap<>();
    sent.put("string", "Grüße, 世界");
    sent.put("empty", "");
    sent.put("long", "x".repeat(10_000));
    sent.put("bytes", new byte[] {0, -1, -128});
    sent.put("true", true);
    sent.put("false", false);
    sent.put("byte", Byte.MIN_VALUE);
    sent.put("short", Short.MIN_VALUE);
    sent.put("int", Integer.MIN_VALUE);
    sent.put("int64", Long.MIN_VALUE);
    sent.put("float", 1.5f);
    sent.put("double", 2.718281828459045e-100);
    sent.put("decimal", new BigDecimal("-12.345"));
    sent.put("date", new Date(4_102_444_800_000L));
    sent.put("null", null);
    sent.put("array", Arrays.asList("one", 2, null, List.of(true, Map.of("deep", "er"))));
    sent.put("table", Map.of("inner", Map.of("innermost", 1), "empty", Map.of()));
    BasicProperties properties = new BasicProperties("application/octet-stream", "identity", null, 2, 7, "correlation",
        "reply to", "3600000", "message", new Date(1_700_000_000_000L), "type", Broker.factory().getUsername(), "app",
        "cluster");
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "headers");
      channel.basicPublish("", queue, properties.builder().headers(sent).build(), "body".getBytes(UTF_8));
      BasicProperties received = Broker.get(channel, queue).properties();
      Interop.equal(received.getHeaders().keySet(), sent.keySet(), "header names");
      for (String name : sent.keySet()) {
        Interop.equal(plain(received.getHeaders().get(name)), sent.get(name), "header " + name);
      }
      // Properties have no equals, but all of them are in their text.
      Interop.equal(received.builder().headers(null).build().toString(), properties.toString(), "properties");
    });
  }

  /** A received value with its long strings, at any depth, as strings. */
  private static Object plain(Object value) {
    if (value instanceof LongString text) return text.toString();
    if (value instanceof List<?> list) return Arrays.asList(list.stream().map(Main::plain).toArray());
    if (!(value instanceof Map<?, ?> map)) return value;
    Map<Object, Object> copy = new HashMap<>();
    map.forEach((key, inner) -> copy.put(key, plain(inner)));
    return copy;
  }

  static void fiveMegabytes() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "big");
      channel.basicPublish("", queue, null, Interop.bigBody());
      channel.basicPublish("", queue, null, new byte[0]);
      Interop.equal(Broker.get(channel, queue).body(), Interop.bigBody(), "body");
      Interop.equal(Broker.get(channel, queue).body().length, 0, "bytes of an empty body");
    });
  }

  static void tx() throws Exception {
    Broker.withChannel((channel, connection) -> {
      Channel other = connection.createChannel();
      String queue = Broker.ownQueue(channel, "tx");
      channel.txSelect();
      Broker.publish(channel, "", queue, "a");
      Broker.publish(channel, "", queue, "b");
      Broker.holds(other, queue, 0);
      channel.txCommit();
      Broker.holds(other, queue, 2);
      Broker.publish(channel, "", queue, "c");
      channel.txRollback();
      Broker.holds(other, queue, 2);
      long tag = Broker.get(channel, queue).tag();
      channel.basicAck(tag, false);
      channel.txRollback();
      channel.basicAck(tag, false);
      channel.txCommit();
      channel.basicAck(Broker.get(channel, queue).tag(), false);
      channel.txRollback();
      channel.close();
      Broker.holds(other, queue, 1);
      Interop.equal(Broker.get(other, queue).seen(), List.of("b", true), "the message whose ack was rolled back");
    });
  }

  static void exclusive() throws Exception {
    Broker.withConnection(other -> {
      Connection mine = Broker.factory().newConnection();
      String queue = Broker.ownQueue(mine.createChannel(), "exclusive");
      String locked = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue";
      Broker.refused(other, 405, locked, channel -> channel.queueDeclare(queue, false, true, false, null));
      Broker.refused(other, 405, locked, channel -> Broker.consume(channel, queue, true));
      Interop.equal(mine.createChannel().queueDeclarePassive(queue).getQueue(), queue, "its owner still has it");
      mine.close();
      Interop.eventually("the queue goes with its connection", () -> {
        try {
          Broker.refused(other, 404, "NOT_FOUND", channel -> channel.queueDeclarePassive(queue));
          return true;
        } catch (AssertionError locking) {
          return false;
        }
      });
    });
  }

  /** The client's recovery brings connection, channels, queues and consumers back by itself. */
  static void reconnect() throws Exception {
    Broker.withChannel((channel, connection) -> {
      channel.exchangeDeclare(DURABLE, "fanout", true);
      channel.queueDeclare(DURABLE, true, false, false, null);
      channel.queueBind(DURABLE, DURABLE, "");
      channel.confirmSelect();
      BasicProperties kept = new BasicProperties.Builder().deliveryMode(2).headers(Map.of("n", 1)).build();
      channel.basicPublish(DURABLE, "", kept, "kept".getBytes(UTF_8));
      channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(Interop.PATIENCE));
      String queue = Broker.ownQueue(channel, "after");
      BlockingQueue<Broker.Message> received = Broker.consume(channel, queue, true);
      CountDownLatch recovered = new CountDownLatch(1);
      ((Recoverable) connection).addRecoveryListener(new RecoveryListener() {
        @Override
        public void handleRecovery(Recoverable recoverable) {
          recovered.countDown();
        }

        @Override
        public void handleRecoveryStarted(Recoverable recoverable) {}
      });
      Interop.restartBroker();
      Interop.equal(recovered.await(Interop.PATIENCE, TimeUnit.SECONDS), true, "recovered");
      Broker.publish(channel, "", queue, "after the restart");
      Broker.Message message = Interop.next(received, "a message to the recovered consumer");
      Interop.equal(message.text(), "after the restart", "message");
    });
  }

  static void durable() throws Exception {
    Broker.withChannel((channel, connection) -> {
      try {
        channel.exchangeDeclarePassive(DURABLE);
        Broker.publish(channel, DURABLE, "", "through the old binding");
        Broker.Message message = Broker.get(channel, DURABLE);
        Interop.equal(message.seen(), List.of("kept", false), "message");
        Interop.equal(message.properties().getDeliveryMode(), 2, "delivery mode");
        Interop.equal(message.properties().getHeaders(), Map.of("n", 1), "headers");
        Interop.equal(Broker.get(channel, DURABLE).text(), "through the old binding", "binding");
      } finally {
        Channel clean = connection.createChannel();
        clean.queueDelete(DURABLE);
        clean.exchangeDelete(DURABLE);
      }
    });
  }

  /** The client's own RpcClient, whose default is direct reply-to, and its RpcServer. */
  static void rpc() throws Exception {
    Broker.withChannel((channel, connection) -> {
      String queue = Broker.ownQueue(channel, "rpc");
      BlockingQueue<String> replyTo = new LinkedBlockingQueue<>();
      Channel serverChannel = connection.createChannel();
      RpcServer server = new RpcServer(serverChannel, queue) {
        @Override
        public byte[] handleCall(BasicProperties request, byte[] body, BasicProperties reply) {
          replyTo.add(request.getReplyTo());
          return ("answer to " + new String(body, UTF_8)).getBytes(UTF_8);
        }
      };
      Thread serving = new Thread(() -> {
        try {
          server.mainloop();
        } catch (IOException error) {
          Interop.remark("server: " + error);
        }
      });
      serving.start();
      int timeout = (int) TimeUnit.SECONDS.toMillis(Interop.PATIENCE);
      RpcClient client = new RpcClient(connection.createChannel(), "", queue, timeout);
      for (int number = 0; number < 50; number++) {
        Interop.equal(client.stringCall(String.valueOf(number)), "answer to " + number, "reply");
        Interop.startsWith(Interop.next(replyTo, "reply-to"), "amq.rabbitmq.reply-to.");
      }
      client.close();
      serverChannel.close();
      serving.join();
    });
  }

  public static void main(String[] arguments) throws IOException {
    Interop.run(List.of(Main::connect, Main::declare, Main::tenThousand, Main::confirms, Main::returns, Main::requeue,
        Main::qos, Main::headers, Main::fiveMegabytes, Main::tx, Main::exclusive, Main::reconnect,
        Main::durable, Main::rpc));
    System.exit(0);
  }
}
