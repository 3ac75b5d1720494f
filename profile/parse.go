// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"network-manager-softether/po"
)

// Parse checks a connection. A non-nil error is a *[ValueError] or *[MissingError] about one key; warnings
// are in the order of the keys' names and are complete only if there is no error. Missing secrets are not an
// error: see [Profile.MissingSecrets].
func Parse(src Source) (*Profile, []Warning, error) {
	p := &Profile{
		ID: src.ID, UUID: src.UUID, InterfaceName: src.InterfaceName, Users: slices.Clone(src.Users),
		Timeout: src.Timeout, Persistent: src.Persistent,
		needed: NeededSecrets(src.Data), given: map[string]bool{},
	}
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	warnings, err := unknownKeys(src)
	if err != nil {
		return nil, nil, err
	}
	if p.InterfaceName == noName {
		p.InterfaceName = ""
		warnings = append(warnings, Warning{Key: "connection.interface-name", Text: noName + " is how nmcli shows that there is none; the interface gets the next free name"})
	}
	for i := range Keys {
		k := &Keys[i]
		text := k.trim(src.Data[k.Name])
		if k.Secret {
			var present bool
			text, present = src.Secrets[k.Name]
			p.given[k.Name] = present && (text != "" || k.Kind == KindSecret)
		}
		if text == "" {
			text = k.Default
		}
		if text == "" {
			continue
		}
		if k.Name == KeyPort && k.trim(src.Data[KeyPort]) == "" && p.Gateway.Port != 0 {
			continue // the gateway's port replaces the default
		}
		v, err := k.parse(text)
		if err != nil {
			return nil, warnings, err
		}
		if k.Name == KeyPort && p.Gateway.Port != 0 && int(p.Gateway.Port) != v.n {
			return nil, warnings, &ValueError{
				Key: KeyPort, Value: shown(text), Allowed: fmt.Sprintf("gateway already has port %d; make them equal or remove one", p.Gateway.Port),
				Page: po.F("the server already has port %d; make them equal or remove one", p.Gateway.Port),
			}
		}
		k.set(p, v)
	}
	if err := p.fillUser(src.UserName); err != nil {
		return nil, warnings, err
	}
	if p.Trusted, err = trusted(src.Secrets); err != nil {
		return nil, warnings, err
	}
	if err := methodsFit(src); err != nil {
		return nil, nil, err
	}
	p.IPv4 = addressing(src.IPv4Method, src.IPv4NeverDefault, src.IPv4)
	p.IPv6 = addressing(src.IPv6Method, src.IPv6NeverDefault, src.IPv6)
	for _, rule := range rules {
		if err := rule(p); err != nil {
			return nil, warnings, err
		}
	}
	unused, err := p.identify()
	if err != nil {
		return nil, nil, err
	}
	warnings = slices.Concat(warnings, p.oddities(), unused)
	slices.SortStableFunc(warnings, func(a, b Warning) int { return strings.Compare(a.Key, b.Key) })
	return p, warnings, nil
}

// noName is what nmcli prints for an unset property. Copied from there, it is a name that programs take for
// an option.
const noName = "--"

// fillUser uses vpn.user-name if the key user is unset; the same rules apply to it.
func (p *Profile) fillUser(fallback string) error {
	fallback = trim(fallback)
	if p.User != "" || fallback == "" {
		return nil
	}
	v, err := Lookup(KeyUser).parse(fallback)
	if err != nil {
		err.(*ValueError).Key = "vpn.user-name"
		return err
	}
	p.User = v.text
	return nil
}

// addressing interprets ipv4.method or ipv6.method: with anything but auto, NetworkManager ignores what a
// plugin reports (networkmanager.md 3).
func addressing(method string, neverDefault bool, more Family) Addressing {
	return Addressing{
		Auto:         method == "" || method == "auto",
		Static:       method == "manual",
		Disabled:     method == "disabled" || method == "ignore",
		NeverDefault: neverDefault,
		Family:       more,
	}
}

// maxUnknown is how many unknown keys are worth a warning each.
const maxUnknown = 20

// unknownKeys warns of keys that are not in the table, and also refuses control characters in them, as their
// names are going to be logged.
func unknownKeys(src Source) ([]Warning, error) {
	var warnings []Warning
	left := 0
	for _, in := range []struct {
		items  map[string]string
		secret bool
	}{{src.Data, false}, {src.Secrets, true}} {
		for _, name := range slices.Sorted(maps.Keys(in.items)) {
			if k := Lookup(name); k != nil && k.Secret == in.secret {
				continue
			}
			if _, ok := ParseTrustSecret(name); ok && in.secret {
				continue
			}
			if err := plainText(name); err != nil {
				return nil, &ValueError{Key: shown(strings.ToValidUTF8(strings.Map(dropControl, name), "?")), Allowed: fmt.Sprintf("in the name of a key: %v", err)}
			}
			if !in.secret {
				if err := plainText(trim(in.items[name])); err != nil {
					return nil, &ValueError{Key: shown(name), Value: shown(in.items[name]), Allowed: err.Error()}
				}
			}
			if len(warnings) == maxUnknown {
				left++
				continue
			}
			warnings = append(warnings, Warning{Key: shown(name), Text: unknownText(name, in.secret)})
		}
	}
	if left > 0 {
		warnings = append(warnings, Warning{Key: "~", Text: "and " + itoa(left) + " more unknown keys"})
	}
	return warnings, nil
}

func unknownText(name string, secret bool) string {
	k := Lookup(name)
	switch {
	case k != nil && k.Secret:
		return "this is a secret and belongs in vpn.secrets, not vpn.data; ignored"
	case k != nil:
		return "this belongs in vpn.data, not vpn.secrets; ignored"
	case secret:
		return "unknown secret, ignored"
	}
	if near := nearest(name); near != "" {
		return "unknown key, ignored; did you mean " + near + "?"
	}
	return "unknown key, ignored"
}

func dropControl(r rune) rune {
	if plainText(string(r)) != nil {
		return '?'
	}
	return r
}
