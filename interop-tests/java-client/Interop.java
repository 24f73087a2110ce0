import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The report, the restart and the assertions of the Java checks. */
final class Interop {
  static final String URL = System.getenv("AMQP_URL");
  static final String PREFIX = System.getenv("INTEROP_PREFIX");
  static final int MESSAGES = 10_000;
  static final int FIVE_MB = 5 * 1024 * 1024;
  /** Seconds until something that has not come is given up. */
  static final int PATIENCE = 20;

  private static final BufferedReader INPUT = new BufferedReader(new InputStreamReader(System.in));

  interface Check {
    void run() throws Exception;
  }

  interface Probe {
    boolean holds() throws Exception;
  }

  private Interop() {}

  /** Runs the checks in order and prints one line for each; a failure does not stop the next. */
  static void run(List<Check> checks) throws IOException {
    List<String> titles = titles();
    equal(checks.size(), titles.size(), "a function for every common check");
    for (int index = 0; index < checks.size(); index++) {
      String title = (index + 1) + " - " + titles.get(index);
      try {
        checks.get(index).run();
        System.out.println("ok " + title);
      } catch (Exception | AssertionError error) {
        System.out.println("not ok " + title);
        StringWriter trace = new StringWriter();
        error.printStackTrace(new PrintWriter(trace));
        remark(trace.toString());
      }
    }
  }

  /** The titles in support/checks.ts, which is their one place. */
  private static List<String> titles() throws IOException {
    String text = Files.readString(Path.of("interop-tests/support/checks.ts"));
    return Pattern.compile("^  '(.*)',$", Pattern.MULTILINE)
        .matcher(text).results().map((MatchResult match) -> match.group(1)).toList();
  }

  static void remark(String text) {
    text.lines().forEach(line -> System.out.println("# " + line));
  }

  static void restartBroker() throws IOException {
    System.out.println("restart");
    equal(INPUT.readLine(), "restarted", "answer to restart");
  }

  static void equal(Object actual, Object expected, String what) {
    if (Objects.deepEquals(actual, expected)) return;
    throw new AssertionError(what + ": expected " + shown(expected) + ", got " + shown(actual));
  }

  private static String shown(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 500 ? text : text.substring(0, 500) + "...";
  }

  static void startsWith(String text, String start) {
    if (!text.startsWith(start)) throw new AssertionError("expected '" + text + "' to start with '" + start + "'");
  }

  /** The next value of a queue; there must be one in time. */
  static <T> T next(BlockingQueue<T> values, String what) throws InterruptedException {
    T value = values.poll(PATIENCE, TimeUnit.SECONDS);
    if (value == null) throw new AssertionError("not seen: " + what);
    return value;
  }

  static void eventually(String what, Probe probe) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    while (!probe.holds()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not seen: " + what);
      Thread.sleep(10);
    }
  }

  /** 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows. */
  static byte[] bigBody() {
    ByteBuffer body = ByteBuffer.allocate(FIVE_MB);
    for (int index = 0; index < FIVE_MB / 4; index++) body.putInt(index);
    return body.array();
  }
}
