// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readKeyfile reads the little of GKeyFile that the examples use.
func readKeyfile(t *testing.T, name string) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer(`\n`, "\n", `\s`, " ", `\t`, "\t", `\r`, "\r", `\\`, `\`)
	groups := map[string]map[string]string{}
	var group map[string]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			group = map[string]string{}
			groups[strings.Trim(line, "[]")] = group
		default:
			k, v, ok := strings.Cut(line, "=")
			if !ok || group == nil {
				t.Fatalf("%s: bad line %q", name, line)
			}
			group[k] = unescape.Replace(v)
		}
	}
	return groups
}

// source is what NetworkManager makes of a keyfile.
func source(t *testing.T, file map[string]map[string]string) Source {
	t.Helper()
	conn, vpn := file["connection"], file["vpn"]
	if conn["type"] != "vpn" || vpn["service-type"] != ServiceType {
		t.Fatalf("not a connection of ours: type %q, service type %q", conn["type"], vpn["service-type"])
	}
	src := Source{
		ID: conn["id"], UUID: conn["uuid"], InterfaceName: conn["interface-name"], Persistent: vpn["persistent"] == "true",
		IPv4Method: file["ipv4"]["method"], IPv6Method: file["ipv6"]["method"],
		IPv4NeverDefault: file["ipv4"]["never-default"] == "true", IPv6NeverDefault: file["ipv6"]["never-default"] == "true",
		Data: vpn, Secrets: file["vpn-secrets"],
	}
	if user, ok := strings.CutPrefix(conn["permissions"], "user:"); ok {
		src.Users = []string{strings.Trim(user, ":;")}
	}
	for _, own := range []string{"service-type", "persistent", "user-name", "timeout"} { // properties of the vpn setting itself
		delete(vpn, own)
	}
	return src
}

func TestExampleFilesAreProfiles(t *testing.T) {
	type facts struct {
		Gateway    string
		Auth       AuthType
		Missing    []string
		Split, Own bool
		Auto4      bool
	}
	want := map[string]facts{
		"full-tunnel.nmconnection":             {"vpn.example.org:443", AuthPassword, []string{"password"}, false, false, true},
		"vpngate.nmconnection":                 {"192.0.2.1:443", AuthPassword, nil, false, false, true},
		"pinned-by-administrator.nmconnection": {"vpn.example.com:443", AuthPlainPassword, []string{"password"}, true, false, true},
		"office.nmconnection":                  {"vpn.example.com:443", AuthPassword, []string{"password"}, true, false, true},
		"headless.nmconnection":                {"[2001:db8::25]:5555", AuthPassword, nil, false, false, false},
		"proxy-certificate.nmconnection":       {"vpn.example.net:992", AuthCertificate, []string{"proxy-password"}, false, true, true},
	}
	names, err := filepath.Glob("../data/examples/*.nmconnection")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]facts{}
	for _, name := range names {
		p, warnings, err := Parse(source(t, readKeyfile(t, name)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(warnings) > 0 {
			t.Errorf("%s: %v", name, warnings)
		}
		got[filepath.Base(name)] = facts{p.Gateway.String(), p.AuthType, p.MissingSecrets(), p.IPv4.NeverDefault, len(p.Users) == 1, p.IPv4.Auto}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
