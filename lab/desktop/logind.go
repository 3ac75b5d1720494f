// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	logindName  = "org.freedesktop.login1"
	logindPath  = "/org/freedesktop/login1"
	logindIface = "org.freedesktop.login1.Manager"
	// logindDelay is InhibitDelayMaxSec of logind.conf(5).
	logindDelay = 5 * time.Second
)

// A Logind stands in for systemd-logind, which does not run without systemd: it hands out delay inhibitors
// and announces sleep and wake-up as the real one does.
type Logind struct {
	bus *dbus.Conn

	mu   sync.Mutex // guards held
	held map[string][]*os.File
}

// StartLogind puts the stand-in on the desktop's bus. It may be called once.
func (d *Desktop) StartLogind() (*Logind, error) {
	l := &Logind{bus: d.Bus, held: map[string][]*os.File{}}
	if err := d.Bus.ExportMethodTable(map[string]any{"Inhibit": l.inhibit}, logindPath, logindIface); err != nil {
		return nil, err
	}
	reply, err := d.Bus.RequestName(logindName, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = errors.New("somebody else is")
	}
	if err != nil {
		return nil, fmt.Errorf("being %s: %w", logindName, err)
	}
	return l, nil
}

// inhibit is logind's method: the caller holds the lock until it closes its end of the pipe.
func (l *Logind) inhibit(what, who, _, mode string) (dbus.UnixFD, *dbus.Error) {
	if what != "sleep" || mode != "delay" {
		return 0, dbus.MakeFailedError(fmt.Errorf("no lock for %s of mode %s", what, mode))
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	l.mu.Lock()
	l.held[who] = append(l.held[who], ours)
	l.mu.Unlock()
	// The bus library sends the descriptor after this function has returned.
	time.AfterFunc(time.Second, func() { theirs.Close() })
	return dbus.UnixFD(theirs.Fd()), nil
}

// Holds reports whether somebody, by the name given for the inhibitor, would delay the next sleep.
func (l *Logind) Holds(who string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held[who]) > 0
}

// Sleep announces that the computer is about to sleep, and waits for those who delay that. It returns how
// long that took.
func (l *Logind) Sleep(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	l.mu.Lock()
	held := l.held
	l.held = map[string][]*os.File{}
	l.mu.Unlock()
	if err := l.bus.Emit(logindPath, logindIface+".PrepareForSleep", true); err != nil {
		return 0, err
	}
	for who, locks := range held {
		for _, lock := range locks {
			if err := lock.SetReadDeadline(began.Add(logindDelay)); err != nil {
				return 0, err
			}
			_, err := lock.Read(make([]byte, 1))
			lock.Close()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return time.Since(began), fmt.Errorf("%s delays the sleep for longer than %v", who, logindDelay)
			}
		}
	}
	return time.Since(began), ctx.Err()
}

// Wake announces that the computer is awake.
func (l *Logind) Wake() error { return l.bus.Emit(logindPath, logindIface+".PrepareForSleep", false) }
