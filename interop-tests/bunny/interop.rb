# frozen_string_literal: true

# The report, the restart and the assertions of the bunny checks.
module Interop
  PREFIX = ENV.fetch('INTEROP_PREFIX')
  MESSAGES = 10_000
  FIVE_MB = 5 * 1024 * 1024
  # Seconds until something that has not come is given up.
  PATIENCE = 20

  module_function

  # The titles in support/checks.ts, which is their one place.
  def titles
    File.read(File.join(__dir__, '..', 'support', 'checks.ts')).scan(/^  '(.*)',$/).flatten
  end

  # Runs the checks in order and prints one line for each; a failure does not stop the next.
  def run(checks)
    raise "#{checks.size} checks for #{titles.size} titles" unless checks.size == titles.size

    checks.zip(titles).each.with_index(1) do |(check, title), number|
      check.call
      say "ok #{number} - #{title}"
    rescue StandardError => e
      say "not ok #{number} - #{title}"
      remark e.full_message(highlight: false)
    end
  end

  def say(line)
    $stdout.puts line
    $stdout.flush
  end

  def remark(text)
    text.each_line { |line| say "# #{line.chomp}" }
  end

  def restart_broker
    say 'restart'
    answer = $stdin.gets&.chomp
    raise "expected 'restarted', got #{answer.inspect}" unless answer == 'restarted'
  end

  def equal(actual, expected, what)
    return if actual == expected

    raise "#{what}: expected #{expected.inspect[0, 1000]}, got #{actual.inspect[0, 1000]}"
  end

  def matching(actual, pattern, what)
    raise "#{what}: #{actual.inspect} is not like #{pattern.inspect}" unless pattern.match?(actual)
  end

  def refused(error_class, pattern)
    yield
  rescue error_class => e
    matching(e.message, pattern, 'error text')
  else
    raise "expected #{error_class}, got no error"
  end

  def eventually(what, within = PATIENCE)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + within
    until yield
      raise "not seen within #{within} s: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.01
    end
  end

  # 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows.
  def big_body
    (0...FIVE_MB / 4).to_a.pack('N*')
  end
end
