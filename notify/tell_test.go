// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/service/notice"
)

// screen writes down what is on it.
type screen struct {
	lines []string
	next  uint32
	err   error
}

func (s *screen) Show(n notification, replaces uint32) (uint32, error) {
	if s.err != nil {
		return 0, s.err
	}
	line := n.title + ": " + n.body
	if replaces != 0 {
		line = "instead " + line
	} else {
		s.next++
		replaces = s.next
	}
	s.lines = append(s.lines, line)
	return replaces, nil
}

func (s *screen) Close(uint32) { s.lines = append(s.lines, "closed") }

func (s *screen) take() []string {
	lines := s.lines
	s.lines = nil
	return lines
}

// mine is a person who may see one profile.
type mine struct{ v *view }

func (m mine) Of(uuid string) (*view, error) {
	if uuid != "mine" {
		return nil, errors.New("insufficient permissions")
	}
	return m.v, nil
}

func office() *view {
	return &view{name: "Work", id: "Work", uuid: "u", data: map[string]string{"gateway": "vpn.example", "hub": "OFFICE", "user": "joe"}}
}

// stage is a teller whose loop runs.
func stage(t *testing.T) (say func(event notice.Event, more ...notice.Reason), s *screen, tl *teller) {
	t.Helper()
	s = &screen{}
	tl = newTeller(s, mine{office()})
	go func() {
		for {
			select {
			case f := <-tl.later:
				f()
			case <-tl.ended:
				return
			}
		}
	}()
	say = func(event notice.Event, more ...notice.Reason) {
		n := notice.Notice{UUID: "mine", Event: event}
		if len(more) > 0 {
			n.Reason = more[0]
		}
		done := make(chan struct{})
		tl.post(func() { tl.tell(":1.7", n); close(done) })
		<-done
	}
	return say, s, tl
}

// end ends the loop.
func end(tl *teller) {
	done := make(chan struct{})
	tl.post(func() { tl.stop(); close(done) })
	<-done
}

func TestWhatAPersonIsShown(t *testing.T) {
	const failed = "VPN “Work” could not connect: There is no host named vpn.example. Check the name of the server for typing errors."
	const lost = "VPN “Work”: connection lost: Nothing goes through the VPN at the moment. It is being connected again."
	for _, tt := range []struct {
		name  string
		steps []any // an event, or how long nothing happens
		want  []string
	}{
		{"all is well", []any{notice.Connected, notice.Stopped}, nil},
		{"it fails", []any{notice.Failed, notice.Stopped}, []string{failed}},
		{"it fails twice", []any{notice.Failed, notice.Stopped, notice.Failed, notice.Stopped}, []string{failed, "instead " + failed}},
		{"it fails, and then connects", []any{notice.Failed, notice.Stopped, notice.Connected}, []string{failed, "closed"}},
		{"it ends", []any{notice.Connected, notice.Ended, notice.Stopped}, []string{strings.Replace(failed, "could not connect", "was disconnected", 1)}},
		{"a session is lost for a moment", []any{notice.Connected, notice.Lost, 9 * time.Second, notice.Connected, time.Minute}, nil},
		{
			"a session is lost for a while",
			[]any{notice.Connected, notice.Lost, 3 * time.Second, notice.Lost, 27 * time.Second, notice.Connected},
			[]string{lost, "instead VPN “Work”: connected again: The connection was lost for 30 seconds."},
		},
		{"a session is lost again and again", []any{notice.Lost, 9 * time.Second, notice.Connected, notice.Lost, 9 * time.Second, notice.Connected}, nil},
		{
			"a session is lost for good",
			[]any{notice.Lost, 20 * time.Second, notice.Ended, notice.Stopped},
			[]string{lost, "instead " + strings.Replace(failed, "could not connect", "was disconnected", 1)},
		},
		{"a session is lost and the person does not wait", []any{notice.Lost, 20 * time.Second, notice.Stopped, time.Minute}, []string{lost, "closed"}},
		{"the person does not wait as long", []any{notice.Lost, 5 * time.Second, notice.Stopped, time.Minute}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				say, s, tl := stage(t)
				for _, step := range tt.steps {
					switch step := step.(type) {
					case notice.Event:
						say(step, notice.NoSuchHost)
					case time.Duration:
						time.Sleep(step)
						synctest.Wait()
					}
				}
				end(tl)
				if diff := cmp.Diff(tt.want, s.take()); diff != "" {
					t.Errorf("shown (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// A service that is killed says nothing any more.
func TestNothingIsLeftOfAServiceThatIsGone(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		say, s, tl := stage(t)
		say(notice.Lost)
		time.Sleep(patience + time.Second)
		synctest.Wait()
		tl.post(func() { tl.gone(":1.8"); tl.gone(":1.7") })
		end(tl)
		if got := s.take(); len(got) != 2 || got[1] != "closed" || len(tl.told) > 0 {
			t.Errorf("shown %q, remembered %v", got, tl.told)
		}
	})
}

func TestOtherPeoplesProfilesAreNotShown(t *testing.T) {
	s := &screen{}
	tl := newTeller(s, mine{office()})
	tl.tell(":1.7", notice.Notice{UUID: "another's", Event: notice.Failed, Reason: notice.NoSuchHost})
	if got := s.take(); len(got) > 0 {
		t.Errorf("shown %q", got)
	}
}

// Where nobody shows notifications, the next is tried all the same.
func TestADesktopWithoutNotifications(t *testing.T) {
	s := &screen{err: errors.New("the name is not activatable")}
	tl := newTeller(s, mine{office()})
	tl.tell(":1.7", notice.Notice{UUID: "mine", Event: notice.Failed, Reason: notice.NoSuchHost})
	s.err = nil
	tl.tell(":1.7", notice.Notice{UUID: "mine", Event: notice.Failed, Reason: notice.NoSuchHost})
	if got := s.take(); len(got) != 1 || strings.HasPrefix(got[0], "instead") {
		t.Errorf("shown %q", got)
	}
}
