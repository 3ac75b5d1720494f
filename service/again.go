// SPDX-License-Identifier: Apache-2.0

package main

// again returns how to tell NetworkManager next, which steps has prepared, even if nothing in it is new:
// NetworkManager then looks up the route to the server again. After an outage that it was told of, this ends
// the bounce that began with the outage. The redundant route keeps the configurations different (see steps).
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
