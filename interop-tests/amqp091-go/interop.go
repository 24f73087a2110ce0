package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

const (
	messages = 10_000
	fiveMB   = 5 * 1024 * 1024
	// Until something that has not come is given up.
	patience = 20 * time.Second
)

var (
	brokerURL = os.Getenv("AMQP_URL")
	prefix    = os.Getenv("INTEROP_PREFIX")
	input     = bufio.NewReader(os.Stdin)
)

// run runs the checks in order and prints one line for each; a failure does not stop the next.
func run(checks []func()) {
	titles := titles()
	equal(len(checks), len(titles), "a function for every common check")
	for index, check := range checks {
		title := fmt.Sprintf("%d - %s", index+1, titles[index])
		if failure := attempt(check); failure == "" {
			fmt.Println("ok " + title)
		} else {
			fmt.Println("not ok " + title)
			remark(failure)
		}
	}
}

func attempt(check func()) (failure string) {
	defer func() {
		if reason := recover(); reason != nil {
			failure = fmt.Sprintf("%v\n%s", reason, debug.Stack())
		}
	}()
	check()
	return ""
}

// titles reads support/checks.ts, which is their one place.
func titles() (found []string) {
	text, err := os.ReadFile("interop-tests/support/checks.ts")
	must(err)
	for _, match := range regexp.MustCompile(`(?m)^  '(.*)',$`).FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	return found
}

func remark(text string) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fmt.Println("# " + line)
	}
}

func restartBroker() {
	fmt.Println("restart")
	answer, err := input.ReadString('\n')
	must(err)
	equal(answer, "restarted\n", "answer to restart")
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// want returns the value of a call that must not fail.
func want[T any](value T, err error) T {
	must(err)
	return value
}

func equal(actual, expected any, what string) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%s: expected %s, got %s", what, shown(expected), shown(actual)))
	}
}

func shown(value any) string {
	text := fmt.Sprintf("%#v", value)
	if len(text) > 500 {
		return text[:500] + "..."
	}
	return text
}

func startsWith(text, start string) {
	if !strings.HasPrefix(text, start) {
		panic(fmt.Sprintf("expected %q to start with %q", text, start))
	}
}

// next returns the next value of a channel; there must be one in time.
func next[T any](values <-chan T, what string) T {
	select {
	case value, open := <-values:
		if !open {
			panic("closed instead of " + what)
		}
		return value
	case <-time.After(patience):
		panic("not seen: " + what)
	}
}

func eventually(what string, probe func() bool) {
	for deadline := time.Now().Add(patience); !probe(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			panic("not seen: " + what)
		}
	}
}

// bigBody is 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows.
func bigBody() []byte {
	body := make([]byte, fiveMB)
	for offset := 0; offset < fiveMB; offset += 4 {
		binary.BigEndian.PutUint32(body[offset:], uint32(offset/4))
	}
	return body
}
