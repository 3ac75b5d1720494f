// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"syscall"

	"network-manager-softether/lab/netns"
)

// startJournal starts systemd's journal. Without the rest of systemd it is a program like any other.
func (d *Desktop) startJournal(ctx context.Context) error {
	p, err := d.Start("journald", netns.Command{Args: []string{"/lib/systemd/systemd-journald"}})
	if err != nil {
		return err
	}
	return netns.Await(ctx, "the journal", nmLimit, func() error {
		if err := p.Running(); err != nil {
			return err
		}
		_, err := os.Stat(d.Path("/run/systemd/journal/socket"))
		return err
	})
}

// Journalctl runs journalctl with those arguments, after the journal has written everything that it was sent.
func (d *Desktop) Journalctl(ctx context.Context, args ...string) (string, error) {
	if _, err := d.Must(ctx, "journalctl", "--sync"); err != nil {
		return "", err
	}
	return d.Must(ctx, append([]string{"journalctl", "--quiet", "--no-pager"}, args...)...)
}

// NMLog returns what NetworkManager and the VPN services it started logged, or the part after a mark from NMLogMark.
func (d *Desktop) NMLog(mark int) string {
	ctx, cancel := context.WithTimeout(context.Background(), nmLimit)
	defer cancel()
	log, err := d.Journalctl(ctx, "--output=cat", "--all", "--identifier=NetworkManager", "--identifier=nm-softether-service")
	if err != nil {
		return err.Error()
	}
	return log[min(mark, len(log)):]
}

// NMLogMark returns the present end of the log.
func (d *Desktop) NMLogMark() int { return len(d.NMLog(0)) }

// LogMore makes NetworkManager log more than on Debian, until the next LogMore; domains are those of `nmcli
// general logging`, such as "VPN_PLUGIN:DEBUG" for services that are started from now on.
func (d *Desktop) LogMore(ctx context.Context, domains string) error {
	_, err := d.MustNMCLI(ctx, "general", "logging", "level", "KEEP", "domains", domains)
	return err
}

// LogAsDebian undoes LogMore.
func (d *Desktop) LogAsDebian(ctx context.Context) error {
	_, err := d.MustNMCLI(ctx, "general", "logging", "level", "INFO", "domains", "DEFAULT")
	return err
}

// WatchAgents makes NetworkManager log its secret agents, which it reports nowhere else, and returns the file
// in which the log can be followed.
func (d *Desktop) WatchAgents(ctx context.Context) (log string, stop func() error, err error) {
	if err := d.LogMore(ctx, "AGENTS:DEBUG"); err != nil {
		return "", nil, err
	}
	before := sizeOf(d.Path("/agents.log"))
	p, err := d.Start("agents", netns.Command{Args: []string{"journalctl", "--follow", "--lines=1", "--output=cat", "--identifier=NetworkManager"}})
	if err != nil {
		return "", nil, err
	}
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), nmLimit)
		defer cancel()
		return errors.Join(p.Stop(ctx, syscall.SIGTERM), d.LogMore(ctx, "AGENTS:INFO"))
	}
	return p.Log, stop, netns.Await(ctx, "journalctl to follow", nmLimit, func() error {
		if now := sizeOf(p.Log); now == before {
			return errors.New("it shows nothing")
		}
		return p.Running()
	})
}

func sizeOf(file string) int64 {
	st, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return st.Size()
}

var nmNews = regexp.MustCompile(`^<(info|warn|error)|set state|failure|applying|config`)

// VPNLog is the part of NMLog(mark) that concerns VPNs: what the services wrote and what NetworkManager says
// about them.
func (d *Desktop) VPNLog(mark int) string {
	var keep []string
	for line := range strings.Lines(d.NMLog(mark)) {
		// NetworkManager's own lines begin with a level in angle brackets; all others come from a service.
		if !strings.HasPrefix(line, "<") || strings.Contains(line, " vpn[") && nmNews.MatchString(line) {
			keep = append(keep, line)
		}
	}
	if len(keep) > 150 {
		keep = keep[len(keep)-150:]
	}
	return strings.Join(keep, "")
}

// startPolkit starts the authorisation manager, which decides what the person may do. Its log tells why it ended.
func (d *Desktop) startPolkit(ctx context.Context) error {
	p, err := d.Start("polkitd", netns.Command{Args: []string{"/usr/lib/polkit-1/polkitd"}})
	if err != nil {
		return err
	}
	return d.awaitName(ctx, p, "org.freedesktop.PolicyKit1")
}
