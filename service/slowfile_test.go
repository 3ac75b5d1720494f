// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"time"

	"network-manager-softether/profile"
)

// A home directory on a server that is away keeps whoever opens a file in it waiting for as long as that lasts.
func TestAFileThatIsNeverReadHoldsUpNobody(t *testing.T) {
	st := newStage(false)
	reading, away := make(chan struct{}, 2), make(chan struct{})
	st.files.readFor = func(string, []string) ([]byte, error) {
		reading <- struct{}{}
		<-away
		return []byte("key"), nil
	}
	st.connect(t, true, settings("auth-type=certificate", "cert=/home/alice/joe.crt", "key=/home/alice/joe.key"))
	<-reading
	disconnected := make(chan error, 1)
	go func() { disconnected <- st.Disconnect() }()
	select {
	case err := <-disconnected:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		close(away)
		t.Fatal("Disconnect waits for the file")
	}
	<-st.gone
	close(away)
	st.awaitAttempts()
}

func TestNothingIsKeptOfAFileThatIsReadTooLate(t *testing.T) {
	files, text := new(profileFiles), []byte("key")
	files.readFor = func(string, []string) ([]byte, error) {
		files.forget()
		return text, nil
	}
	got, err := files.content(profile.File{Path: "/home/alice/joe.key"}, nil)
	if got != nil || !errors.Is(err, errForgotten) || len(files.read) > 0 || text[0] != 0 {
		t.Errorf("%q, %v; kept: %q; in memory: %q", got, err, files.read, text)
	}
}
