// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"network-manager-softether/lab/plan"
)

// What a person waits for: each next to what NetworkManager takes for a cable, or nmcli without us, in the
// same run.
const desktopSetup = "desktop"

var (
	mActivation     = metric{"nmcli connection up", "ms", false}
	mActivationTime = metric{"nmcli connection up: times a cable's", "", false}
	mLease          = metric{"from login to lease", "ms", false}
	mLeaseMost      = metric{"from login to lease, longest", "ms", false}
	mExport         = metric{"nmcli with the settings library", "ms", false}
	mExportTime     = metric{"nmcli with the settings library: times bare", "", false}
	mExportRSS      = metric{"nmcli's memory with the library", "MB", false}
	mExportRSSTimes = metric{"nmcli's memory with the library: times bare", "", false}
)

// person measures that in every round. Ours is with us, bare without.
func (b *bench) person(ctx context.Context) error {
	b.say("what a person waits for")
	if err := b.clients[oursName].up(ctx, setups[0]); err != nil {
		return err
	}
	return errors.Join(b.activation(ctx), b.settingsLibrary(ctx), b.clients[oursName].down(ctx))
}

// beside adds a pair of values and their ratio.
func (b *bench) beside(m, times metric, ours, bare float64) {
	b.results.add(desktopSetup, oursName, m, ours)
	b.results.add(desktopSetup, bareName, m, bare)
	b.results.add(desktopSetup, oursName, times, ours/bare)
}

// activations is how often each is activated in a round.
const activations = 8

// activation activates the VPN and the second cable to the same Internet in turn.
func (b *bench) activation(ctx context.Context) error {
	up := func(name string) (float64, error) {
		if err := b.lab.Desktop.Down(ctx, name); err != nil {
			return 0, err
		}
		began := time.Now()
		err := b.lab.Desktop.Up(ctx, name)
		return time.Since(began).Seconds() * 1000, err
	}
	cable := plan.Bases[1].Profile
	if err := errors.Join(b.lab.Desktop.Up(ctx, cable), b.lab.Desktop.LogMore(ctx, "VPN_PLUGIN:INFO")); err != nil {
		return err
	}
	began := time.Now()
	var vpn, wire []float64
	for range activations {
		v, err := up(profileName)
		if err != nil {
			return err
		}
		w, err := up(cable)
		if err != nil {
			return err
		}
		vpn, wire = append(vpn, v), append(wire, w)
	}
	b.beside(mActivation, mActivationTime, quantile(vpn, 0.5), quantile(wire, 0.5))
	return errors.Join(b.leases(ctx, began), b.lab.Desktop.LogAsDebian(ctx), b.lab.Desktop.Down(ctx, cable))
}

// leases adds how long after its login each session since then had a lease, the server's own time included.
func (b *bench) leases(ctx context.Context, since time.Time) error {
	log, err := b.lab.Desktop.Journalctl(ctx, "--output=short-unix", "--identifier=nm-softether-service", fmt.Sprintf("--since=@%d.%06d", since.Unix(), since.Nanosecond()/1000))
	if err != nil {
		return err
	}
	took, err := loginsToLeases(log)
	if err != nil {
		return err
	}
	b.results.add(desktopSetup, oursName, mLease, quantile(took, 0.5))
	b.results.add(desktopSetup, oursName, mLeaseMost, slices.Max(took))
	return nil
}

// loginsToLeases returns, in milliseconds, how long after each login there is a lease, according to a log in
// journalctl's short-unix format.
func loginsToLeases(log string) (took []float64, err error) {
	login := 0.0
	for line := range strings.Lines(log) {
		stamp, message, _ := strings.Cut(line, " ")
		at, err := strconv.ParseFloat(stamp, 64)
		if err != nil {
			continue // the rest of a message with several lines
		}
		switch {
		case strings.Contains(message, ": logged in"):
			login = at
		case strings.Contains(message, ": DHCP lease acquired") && login > 0:
			took = append(took, (at-login)*1000)
			login = 0
		}
	}
	if len(took) == 0 {
		return nil, errors.New("the log tells of no lease")
	}
	return took, nil
}

//go:embed cost.py
var costScript string

// exports is how often nmcli runs in each way per round. Disturbances only make a run longer, so the shortest
// is the actual cost; memory varies little, in both directions.
const exports = 40

// settingsLibrary has nmcli export the connection once with the library and once without, in which case it
// gives up where it would load it.
func (b *bench) settingsLibrary(ctx context.Context) error {
	dir, err := os.MkdirTemp("/run", "bench") // the lab's own
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	with, err := os.ReadFile(b.lab.Desktop.Path("/usr/lib/NetworkManager/VPN/nm-softether-service.name"))
	if err != nil {
		return err
	}
	without, _, found := strings.Cut(string(with), "[libnm]")
	if !found {
		return errors.New("the .name file names no settings library")
	}
	script := filepath.Join(dir, "cost.py")
	errs := []error{os.WriteFile(script, []byte(costScript), 0o644)}
	var dirs []string
	for i, text := range []string{without, string(with)} {
		dirs = append(dirs, filepath.Join(dir, fmt.Sprint(i)))
		errs = append(errs, os.Mkdir(dirs[i], 0o755), os.WriteFile(filepath.Join(dirs[i], "nm-softether-service.name"), []byte(text), 0o644))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	out, err := b.lab.Desktop.Must(ctx, "/usr/bin/python3", "-I", "-S", script, fmt.Sprint(exports), "NM_VPN_PLUGIN_DIR", strings.Join(dirs, ","),
		"nmcli", "connection", "export", profileName, filepath.Join(dir, "out.vpn"))
	if err != nil {
		return err
	}
	times, memory, err := exportCosts(out)
	if err != nil {
		return err
	}
	b.beside(mExport, mExportTime, quantile(times[1], 0), quantile(times[0], 0))
	b.beside(mExportRSS, mExportRSSTimes, quantile(memory[1], 0.5), quantile(memory[0], 0.5))
	return nil
}

// exportCosts reads what the script has measured, without (0) and with the library (1): milliseconds and MB.
func exportCosts(out string) (times, memory [2][]float64, err error) {
	for line := range strings.Lines(out) {
		var i, status int
		var took, rss float64
		if _, err := fmt.Sscan(line, &i, &status, &took, &rss); err != nil || i < 0 || i > 1 || (status == 0) != (i == 1) {
			return times, memory, fmt.Errorf("nmcli's costs: %q: %v", line, err)
		}
		times[i], memory[i] = append(times[i], took), append(memory[i], rss*1024/1e6)
	}
	if len(times[0]) == 0 || len(times[1]) == 0 {
		return times, memory, fmt.Errorf("nmcli's costs: %q", out)
	}
	return times, memory, nil
}
