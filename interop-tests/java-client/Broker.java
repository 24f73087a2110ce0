import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Connections, channels and queues for the Java checks. */
final class Broker {
  interface ConnectionUse {
    void accept(Connection connection) throws Exception;
  }

  interface ChannelUse {
    void accept(Channel channel, Connection connection) throws Exception;
  }

  interface Operation {
    void run(Channel channel) throws Exception;
  }

  record Message(Envelope envelope, BasicProperties properties, byte[] body) {
    String text() {
      return new String(body, UTF_8);
    }

    long tag() {
      return envelope.getDeliveryTag();
    }

    List<Object> seen() {
      return List.of(text(), envelope.isRedeliver());
    }
  }

  private Broker() {}

  static ConnectionFactory factory() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(Interop.URL);
    factory.setNetworkRecoveryInterval(200);
    return factory;
  }

  static void withConnection(ConnectionUse use) throws Exception {
    try (Connection connection = factory().newConnection()) {
      use.accept(connection);
    }
  }

  static void withChannel(ChannelUse use) throws Exception {
    withConnection(connection -> use.accept(connection.createChannel(), connection));
  }

  /** A queue of this connection alone, which goes with it. */
  static String ownQueue(Channel channel, String name) throws IOException {
    return channel.queueDeclare(Interop.PREFIX + name, false, true, false, null).getQueue();
  }

  /** RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
  static void holds(Channel channel, String queue, long count) throws Exception {
    Interop.eventually(count + " messages in " + queue, () -> channel.messageCount(queue) == count);
  }

  static void publish(Channel channel, String exchange, String key, String body) throws IOException {
    channel.basicPublish(exchange, key, null, body.getBytes(UTF_8));
  }

  static Message get(Channel channel, String queue) throws IOException {
    GetResponse response = channel.basicGet(queue, false);
    if (response == null) throw new AssertionError(queue + " is empty");
    return new Message(response.getEnvelope(), response.getProps(), response.getBody());
  }

  static List<String> drain(Channel channel, String queue) throws IOException {
    List<String> bodies = new ArrayList<>();
    for (GetResponse one = channel.basicGet(queue, true); one != null; one = channel.basicGet(queue, true)) {
      bodies.add(new String(one.getBody(), UTF_8));
    }
    return bodies;
  }

  /** What a new consumer receives. */
  static BlockingQueue<Message> consume(Channel channel, String queue, boolean autoAck) throws IOException {
    BlockingQueue<Message> received = new LinkedBlockingQueue<>();
    channel.basicConsume(queue, autoAck, new DefaultConsumer(channel) {
      @Override
      public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body) {
        received.add(new Message(envelope, properties, body));
      }
    });
    return received;
  }

  /** Runs one operation on a channel of its own, which must be closed with this code and text. */
  static void refused(Connection connection, int code, String text, Operation operation) throws Exception {
    try {
      operation.run(connection.createChannel());
    } catch (IOException error) {
      if (!(error.getCause() instanceof ShutdownSignalException signal)) throw error;
      AMQP.Channel.Close close = (AMQP.Channel.Close) signal.getReason();
      Interop.equal(close.getReplyCode(), code, "reply code");
      Interop.startsWith(close.getReplyText(), text);
      return;
    }
    throw new AssertionError("expected " + code + " " + text + ", got no error");
  }
}
