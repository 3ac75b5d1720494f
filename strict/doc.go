// SPDX-License-Identifier: Apache-2.0

// Nm-softether-strict turns strict mode on and off for a SoftEther connection: nothing leaves this computer
// except through that VPN, whether it is up or not.
//
// It is run by a person; the work is done by package guard. In a desktop session that runs
// nm-softether-notify, that does the same as soon as the key strict of a profile changes.
package main
