// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"
	"testing"
)

// classes is softether-protocol.md 14 the other way round: class and retry, then
// the codes. Codes without an entry of their own are of server management.
var classes = []struct {
	kind  Kind
	retry Retry
	codes []ErrorCode
}{
	{KindLogin, RetryNo, []ErrorCode{7, 9, 12, 19, 24, 25, 26, 27, 28, 39, 40, 51, 52, 68, 69, 77, 138, 143}},
	{KindLocal, RetryNo, []ErrorCode{6, 22}},
	{KindConnect, RetryNo, []ErrorCode{
		2, 4, 5, 8, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 41, 42, 43, 44, 45, 46, 47, 50,
		53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 70, 71, 72, 73, 74, 75, 76, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
		90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 106, 107, 108, 109, 110, 112, 114, 116, 117, 118, 119, 120, 121, 122, 123, 124,
		125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 139, 140, 141, 142, 144, 145, 146, 147, 149, 150, 151, 152,
	}},
	{KindConnect, RetryNormal, []ErrorCode{0, 1, 3, 11, 17, 18, 23, 48, 49, 111, 113}},
	{KindConnect, RetryLater, []ErrorCode{10, 15, 16, 20, 21, 103, 104, 105, 115, 153, 9999, 0xffffffff}},
	{KindConnect, RetryNow, []ErrorCode{13, 14, 148}},
}

func TestKindAndRetry(t *testing.T) {
	seen := map[ErrorCode]bool{}
	for _, class := range classes {
		for _, c := range class.codes {
			if seen[c] {
				t.Errorf("code %d is in the table of the test twice", uint32(c))
			}
			seen[c] = true
			if c.Kind() != class.kind || c.Retry() != class.retry {
				t.Errorf("%v (%d): %v, retry %v, want %v, retry %v", c, uint32(c), c.Kind(), c.Retry(), class.kind, class.retry)
			}
		}
	}
	for c := range firstUnknownCode {
		if !seen[c] {
			t.Errorf("code %d is not tested", uint32(c))
		}
	}
}

func TestNames(t *testing.T) {
	for c, want := range map[ErrorCode]string{
		CodeAuthFailed:         "AUTH_FAILED",
		CodeHubNotFound:        "HUB_NOT_FOUND",
		CodeTooManyUserSession: "TOO_MANY_USER_SESSION",
		CodeCertNotTrusted:     "CERT_NOT_TRUSTED",
		53:                     "ERROR_53",
		9999:                   "ERROR_9999",
	} {
		if got := c.String(); got != want {
			t.Errorf("code %d is called %s, want %s", uint32(c), got, want)
		}
	}
	names := map[string]ErrorCode{}
	for c, e := range errorCodes {
		if other, ok := names[e.name]; ok {
			t.Errorf("codes %d and %d are both called %s", uint32(c), uint32(other), e.name)
		}
		names[e.name] = c
	}
	for got, want := range map[string]string{
		KindConnect.String(): "connect", KindLogin.String(): "login", KindLocal.String(): "local",
		RetryNo.String(): "no", RetryNormal.String(): "normal", RetryLater.String(): "later", RetryNow.String(): "now",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A text says the cause and, unless there is nothing to do, a remedy: two
// sentences, for people who never heard of the code.
func TestTextsAreSentencesWithARemedy(t *testing.T) {
	nothingToDo := map[ErrorCode]bool{CodeNone: true, CodeUserCancel: true}
	for c := range firstUnknownCode + 1 {
		text := c.Text()
		if !strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1] {
			t.Errorf("%v: %q is no sentence", c, text)
		}
		if n := strings.Count(text, ". ") + 1; n < 2 && !nothingToDo[c] {
			t.Errorf("%v: %q names no remedy", c, text)
		}
		if strings.Contains(text, "_") || strings.ContainsAny(text, "\n\t%") {
			t.Errorf("%v: %q is not for people", c, text)
		}
		if len(text) > 240 {
			t.Errorf("%v: %d characters are too many for a notification", c, len(text))
		}
	}
}
