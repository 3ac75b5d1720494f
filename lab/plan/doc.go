// SPDX-License-Identifier: Apache-2.0

// Package plan has the addresses and names of the lab: who is where, and on which cable.
package plan
