// SPDX-License-Identifier: Apache-2.0

package guard

import "network-manager-softether/profile"

const dnsPriority = "dns-priority"

// full reports whether the profile's default route leads into the tunnel.
func (v Connection) full() bool {
	chief := "ipv4" // the family that decides
	if v.absent(chief) {
		chief = "ipv6"
	}
	return v.settings[chief]["never-default"].Value() != true
}

// takesNames reports whether a split tunnel over IPv6 alone has the DNS priority of a full one, which leaves the
// computer without the name servers of its networks. Strict mode used to set it there, in both families. A person does
// not set it in one that is disabled, so that nothing of theirs is taken for it.
func (v Connection) takesNames() bool {
	if v.full() || !v.absent("ipv4") {
		return false
	}
	for _, family := range families {
		if v.settings[family][dnsPriority].Value() != int32(profile.FullDNSPriority) {
			return false
		}
	}
	return true
}

// giveNamesBack ends that in s.
func (v Connection) giveNamesBack(s Settings) {
	if v.takesNames() {
		for _, family := range families {
			delete(s[family], dnsPriority)
		}
	}
}
