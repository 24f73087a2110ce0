<?php

// The report, the restart and the assertions of the php-amqplib checks.

define('PREFIX', getenv('INTEROP_PREFIX'));
const MESSAGES = 10000;
const FIVE_MB = 5 * 1024 * 1024;
/** Seconds until something that has not come is given up. */
const PATIENCE = 20;

/** Runs the checks in order and prints one line for each; a failure does not stop the next. */
function run(array $checks): void
{
    $titles = titles();
    equal(count($checks), count($titles), 'a function for every common check');
    foreach ($checks as $index => $check) {
        $title = ($index + 1) . ' - ' . $titles[$index];
        try {
            $check();
            say("ok $title");
        } catch (Throwable $error) {
            say("not ok $title");
            remark((string) $error);
        }
    }
}

/** The titles in support/checks.ts, which is their one place. */
function titles(): array
{
    preg_match_all("/^  '(.*)',$/m", file_get_contents(__DIR__ . '/../support/checks.ts'), $found);
    return $found[1];
}

function say(string $line): void
{
    fwrite(STDOUT, "$line\n");
}

function remark(string $text): void
{
    foreach (explode("\n", $text) as $line) {
        say("# $line");
    }
}

function restart_broker(): void
{
    say('restart');
    equal(trim((string) fgets(STDIN)), 'restarted', 'answer to restart');
}

function equal(mixed $actual, mixed $expected, string $what): void
{
    if ($actual !== $expected) {
        throw new RuntimeException("$what: expected " . shown($expected) . ', got ' . shown($actual));
    }
}

function shown(mixed $value): string
{
    return substr(var_export($value, true), 0, 500);
}

function starts_with(string $actual, string $expected): void
{
    equal(substr($actual, 0, strlen($expected)), $expected, 'text');
}

/** Runs $operation, which must fail with this class of error, code and beginning of the text. */
function refused(string $class, int $code, string $text, callable $operation): void
{
    try {
        $operation();
    } catch (Throwable $error) {
        equal(get_class($error), $class, 'error ' . $error->getMessage());
        equal($error->getCode(), $code, 'reply code');
        starts_with($error->getMessage(), $text);
        return;
    }
    throw new RuntimeException("expected $class, got no error");
}

function eventually(string $what, callable $probe): void
{
    $deadline = microtime(true) + PATIENCE;
    while (!$probe()) {
        if (microtime(true) > $deadline) {
            throw new RuntimeException('not seen within ' . PATIENCE . " s: $what");
        }
        usleep(10000);
    }
}

/** 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows. */
function big_body(): string
{
    return implode('', array_map(fn ($index) => pack('N', $index), range(0, FIVE_MB / 4 - 1)));
}
