// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"fmt"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// A Permitted is a system call that the service may use in the sandbox.
type Permitted struct {
	Name string
	What string // what the call is for
	// If not nil, the call is permitted only with arguments that meet one of these conditions.
	Where []seccomp.ArgumentConditions
}

// Ours are the calls needed for carrying frames, looking up names, the bus and the log. A test checks that
// each of them is used; anything else fails with EPERM, above all starting a program, listening, opening a
// raw socket, changing files and looking into another process.
var Ours = []Permitted{
	{"read", "TAP, sockets", nil},
	{"write", "TAP, sockets, log", nil},
	{"writev", "TAP", nil},
	{"recvfrom", "bus, netlink, names", nil},
	{"sendto", "netlink", nil},
	{"recvmsg", "bus", nil},
	{"sendmsg", "journal", nil},
	{"sendmmsg", "UDP acceleration", nil},
	{"recvmmsg", "UDP acceleration", nil},
	{"close", "files, sockets", nil},
	{"socket", "the server, names, netlink", anyOf(0, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_UNIX)},
	{"connect", "the server, names", nil},
	{"bind", "UDP, netlink", nil},
	{"getsockname", "sockets", nil},
	{"getpeername", "sockets", nil},
	{"setsockopt", "sockets", nil},
	{"getsockopt", "sockets, TCP_INFO", nil},
	{"openat", "resolv.conf, hosts", []seccomp.ArgumentConditions{{
		{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC},
	}}},
	{"newfstatat", "resolv.conf, hosts", nil},
	{"fstat", "resolv.conf, hosts", nil},
	{"ioctl", "carrier of the TAP", anyOf(1, unix.TUNSETCARRIER)},
	{"fcntl", "sockets", nil},
	{"epoll_ctl", "waiting", nil},
	{"epoll_pwait", "waiting", nil},
	{"clock_gettime", "leases, which end in sleep as well; Go's time, where that is no vDSO call", nil},
}

// Runtimes are what Go's runtime needs at times that no test can choose.
var Runtimes = []Permitted{
	{"mmap", "memory", nil},
	{"munmap", "memory", nil},
	{"madvise", "memory", nil},
	{"mincore", "memory", nil},
	{"brk", "memory", nil},
	{"prctl", "names of mappings", anyOf(0, unix.PR_SET_VMA)},
	{"futex", "threads", nil},
	{"clone", "threads", []seccomp.ArgumentConditions{{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}}}},
	{"gettid", "threads", nil},
	{"getpid", "threads", nil},
	{"tgkill", "preemption", nil},
	{"sched_yield", "threads", nil},
	{"sched_getaffinity", "number of processors", nil},
	{"nanosleep", "threads", nil},
	{"exit", "threads", nil},
	{"exit_group", "the end", nil},
	{"restart_syscall", "the kernel, after a stop in one of these", nil},
	{"rt_sigaction", "signals", nil},
	{"rt_sigprocmask", "signals", nil},
	{"rt_sigreturn", "signals", nil},
	{"sigaltstack", "signals", nil},
	{"getrandom", "random numbers", nil},
	{"pread64", "limits of the control group", nil},
	{"epoll_create1", "waiting", nil},
	{"eventfd2", "waiting", nil},
	{"uname", "the version of the kernel", nil},
}

// anyOf permits these values of an argument.
func anyOf(argument uint32, values ...uint64) []seccomp.ArgumentConditions {
	var any []seccomp.ArgumentConditions
	for _, v := range values {
		any = append(any, seccomp.ArgumentConditions{{Argument: argument, Operation: seccomp.Equal, Value: v}})
	}
	return any
}

// filterSystemCalls makes system calls that are in neither table fail with EPERM, in every present and future
// thread. It requires no_new_privs.
func filterSystemCalls() error {
	if !seccomp.Supported() {
		return fmt.Errorf("this kernel has no seccomp filters: %w", unix.ENOSYS)
	}
	allowed, err := allowedCalls()
	if err != nil {
		return err
	}
	return seccomp.LoadFilter(seccomp.Filter{
		Flag:   seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: []seccomp.SyscallGroup{allowed}},
	})
}

// allowedCalls returns both tables, as far as this processor's kernel has the calls.
func allowedCalls() (seccomp.SyscallGroup, error) {
	group := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	machine, err := arch.GetInfo("")
	if err != nil {
		return group, err
	}
	for _, call := range slices.Concat(Ours, Runtimes) {
		if _, known := machine.SyscallNames[call.Name]; !known {
			continue
		}
		if call.Where == nil {
			group.Names = append(group.Names, call.Name)
		}
		for _, conditions := range call.Where {
			group.NamesWithCondtions = append(group.NamesWithCondtions, seccomp.NameWithConditions{Name: call.Name, Conditions: conditions})
		}
	}
	return group, nil
}
