// SPDX-License-Identifier: Apache-2.0

// Nm-softether-strict turns strict mode on and off for a SoftEther connection: nothing leaves this computer but through
// that VPN, whether it is up or not.
//
// A person runs it, and package guard does it; where a desktop's session runs nm-softether-notify, that does the same as
// soon as the key strict of a profile changes.
package main
