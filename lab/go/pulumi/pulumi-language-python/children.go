package main

import (
	"os/exec"
	"sync"
	"syscall"
)

// groups are the process groups of the children. They are not in the group of this process, which the engine
// interrupts as a whole.
var groups = struct {
	sync.Mutex
	leaders map[int]bool
}{leaders: map[int]bool{}}

// startGroup starts a command that leads a group of its own and does not outlive this process.
func startGroup(command *exec.Cmd) error {
	groups.Lock()
	defer groups.Unlock()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	groups.leaders[command.Process.Pid] = true
	return nil
}

// runGroup runs a command to its end, and ends what it leaves behind.
func runGroup(command *exec.Cmd) error {
	if err := startGroup(command); err != nil {
		return err
	}
	defer killGroup(command)
	return command.Wait()
}

// killGroup ends a command with everything that it started.
func killGroup(command *exec.Cmd) error {
	groups.Lock()
	defer groups.Unlock()
	delete(groups.leaders, command.Process.Pid)
	return syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}

// killGroups ends all commands, and lets no other start.
func killGroups() {
	groups.Lock()
	for leader := range groups.leaders {
		syscall.Kill(-leader, syscall.SIGKILL)
	}
}
