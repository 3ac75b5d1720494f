// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// names are those of faults that strike at once.
func names(drawn []fault) string {
	var list []string
	for _, f := range drawn {
		list = append(list, f.name)
	}
	return strings.Join(list, " and ")
}

func faultNames() []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

func chooseFaults(o options) ([]fault, error) {
	if o.calm {
		return slices.Concat(tunnelFaults, groundFaults), nil
	}
	if o.only == "" {
		return faults, nil
	}
	var chosen []fault
	for name := range strings.SplitSeq(o.only, ",") {
		i := slices.Index(faultNames(), strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("no fault %q, there are %s", name, strings.Join(faultNames(), ", "))
		}
		chosen = append(chosen, faults[i])
	}
	return chosen, nil
}
