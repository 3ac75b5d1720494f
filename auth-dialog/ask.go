// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"network-manager-softether/auth-dialog/window"
	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/prompt"
)

// atOnce is how soon after the connection a QUIT means nothing: nm-applet writes both together.
const atOnce = time.Second

// answer asks for whatever is needed, passes the secrets to the agent and waits until it says that it has
// them. A QUIT while the window is shown, or an agent that is gone, closes the window.
func (s session) answer(in *lineReader, stdout io.Writer, o options, conn connection, q question) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	quit := make(chan struct{})
	began := time.Now()
	go func() { // left behind at the end of the program if the agent never says it
		_ = awaitQuit(in) // hanging up means the same
		close(quit)
		if time.Since(began) > atOnce {
			cancel()
		}
	}()
	if q.asks() {
		answers, err := s.ask(ctx, windowQuestion(o, conn, q))
		if err != nil {
			return fmt.Errorf("connection %q needs an answer (%s): %w; use an agent that draws its own window (GNOME Shell, nm-applet 1.8.22 or later), or: nmcli --ask connection up %s", o.name, q.asked(), err, profile.ShellName(o.name, o.uuid))
		}
		q.fill(answers)
	}
	if err := writePlain(stdout, q); err != nil {
		return err
	}
	select {
	case <-quit:
	case <-time.After(patience): // leaving late is no failure
	}
	return nil
}

// fill sets the answers. Whoever accepts the window trusts the server that it is about.
func (q question) fill(answers map[string]string) {
	for i, f := range q.fields {
		if _, ok := profile.ParseTrustSecret(f.key); ok && f.ask {
			q.fields[i].value = profile.TrustYes
		} else if f.ask {
			q.fields[i].value = answers[f.key]
		}
	}
}

// windowQuestion returns what the window shows where other agents show the fields and the description.
func windowQuestion(o options, conn connection, q question) window.Question {
	w := readHints(o.hints)
	asked := window.Question{
		Title: q.title, Heading: q.title, Text: q.description, Warning: w.message != "" || o.reprompt,
		ShowPasswords: po.T(showPasswords), Accept: po.T(connectButton), Cancel: po.T(cancelButton),
	}
	for _, f := range q.fields {
		if label := windowLabels[f.key]; f.ask && label != "" {
			asked.Fields = append(asked.Fields, window.Field{Name: f.key, Label: po.T(label)})
		}
	}
	if w.trust != "" {
		asked.Heading, asked.Accept = po.T(trustHeading), po.T(trustButton)
		asked.Warning, asked.Careful = true, true
		asked.Text, asked.Facts = certificate(w, conn, q.description)
	}
	return asked
}

// certificate arranges the service's question about a certificate (service/ask.go) as a table: lines like
// "Subject: ..." are rows, the fingerprint is that of the hint, and the rest is text. Names in a certificate
// have no line breaks there, so none can make a row of its own.
func certificate(w wanted, conn connection, description string) (text string, facts []window.Fact) {
	facts = []window.Fact{{Label: po.T(factServer), Value: server(conn.data)}}
	if w.message != "" { // the labels are English, whatever the language of the description
		description = clean(w.message, maxShownMessage)
	}
	var rest []string
	for line := range strings.Lines(description) {
		line = strings.TrimSuffix(line, "\n")
		tag, value, _ := strings.Cut(line, ": ")
		switch label := factLabels[tag]; {
		case label != "":
			if from, to, ok := strings.Cut(value, " to "); ok && tag == "Valid" {
				value = po.F("%s to %s", from, to)
			}
			facts = append(facts, window.Fact{Label: po.T(label), Value: value})
		case !strings.Contains(plainHex(line), w.seen):
			rest = append(rest, prompt.Translate(line))
		}
	}
	return strings.Join(rest, "\n"), append(facts, window.Fact{Label: po.T(factFingerprint), Value: twoLines(w.fingerprint()), Digits: true})
}

// twoLines breaks a fingerprint in the middle.
func twoLines(s string) string {
	half := len(s) / 2
	return s[:half+1] + "\n" + s[half+1:]
}
