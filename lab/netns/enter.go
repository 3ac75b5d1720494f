// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// StageVar tells the copies of the program which of the three they are: unset, stageInit or stageInside.
const (
	StageVar    = "SOFTETHER_LAB_STAGE"
	stageInit   = "init"
	stageInside = "inside"
)

// Inside reports whether the program is in its private world.
func Inside() bool { return os.Getenv(StageVar) == stageInside }

// exitLab is the exit status when the private world itself could not be made.
const exitLab = 125

func init() {
	// Threads of this process visit other namespaces. Pinning the main goroutine keeps the main thread, which is what
	// /proc/self shows, at home.
	if Inside() {
		runtime.LockOSThread()
	}
}

// Main runs f in a private world and returns the exit status for os.Exit: f's, or 125 if the world could not be made.
// It must be called before anything else in main or TestMain: the program is started afresh inside, with the same
// arguments and standard streams, and only there is f called.
func Main(f func() int) int {
	var code int
	var err error
	switch os.Getenv(StageVar) {
	case stageInside:
		return f()
	case stageInit:
		code, err = runInit()
	default:
		code, err = enter()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return exitLab
	}
	return code
}

// enter starts the program as process 1 of new namespaces and waits for it.
func enter() (int, error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("network namespaces need root: run this as root, or with sudo")
	}
	// The kernel ties the parent-death signal to the parent's thread, so that thread must live as long as we do.
	runtime.LockOSThread()
	cmd := again(stageInit)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting in new namespaces: %w (is this a container without CAP_SYS_ADMIN?)", err)
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	return exitStatus(cmd.Wait())
}

// runInit is process 1: it prepares the mounts that all hosts of the lab share, starts the actual program and
// then does what process 1 has to do, which is to reap orphans. NetworkManager's VPN services are such
// orphans. When it returns, the kernel kills everything that is left.
func runInit() (int, error) {
	if err := privateMounts(); err != nil {
		return 0, err
	}
	if err := unix.Sethostname([]byte("lab")); err != nil {
		return 0, fmt.Errorf("setting the lab's host name: %w", err)
	}
	unix.Umask(0o022) // as the services of a stock system have it, whatever the developer's shell says
	cmd := again(stageInside)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		for s := range signals {
			_ = syscall.Kill(cmd.Process.Pid, s.(syscall.Signal))
		}
	}()
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("waiting for the program: %w", err)
		case pid == cmd.Process.Pid && ws.Signaled():
			return 128 + int(ws.Signal()), nil
		case pid == cmd.Process.Pid && ws.Exited():
			return ws.ExitStatus(), nil
		}
	}
}

// again returns a command that runs this very program in the given stage.
func again(stage string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{os.Args[0]}, os.Args[1:]...)
	cmd.Env = append(os.Environ(), StageVar+"="+stage)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}

func exitStatus(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return 128 + int(ws.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// privateMounts makes the mount table ours (nothing propagates back to the machine) and gives the lab a /proc
// of its own, for its own process IDs, and an empty /run.
func privateMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID, "mode=0755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	return nil
}
