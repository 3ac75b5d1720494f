// SPDX-License-Identifier: Apache-2.0

package main

// again returns how to tell NetworkManager next, which steps has made, even if nothing of it is
// new: it then looks anew for the way to the server. After an outage that it was told of, it
// ends the bounce that began with that. The redundant route keeps the configuration different
// (see steps).
func again(told, next announcement, bounce bool) ([]step, announcement) {
	changed4, _ := compare(told.ip4, next.ip4)
	changed6, _ := compare(told.ip6, next.ip6)
	if !changed4 && !changed6 {
		next.toggled = !told.toggled
	} else {
		next.toggled = told.toggled
	}
	s := []step{tellConfig}
	if next.ip4 != nil {
		s = append(s, tellIP4)
	}
	if next.ip6 != nil {
		s = append(s, tellIP6)
	}
	if bounce {
		s = append(s, tellStarted)
	}
	return s, next
}
