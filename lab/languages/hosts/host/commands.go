package host

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

var running = struct {
	sync.Mutex
	groups map[int]bool
}{groups: map[int]bool{}}

// Command is a command in a directory, with more variables than this process has. It leads a process group of its own:
// the engine interrupts the one that this process is in.
func Command(ctx context.Context, directory string, variables []string, words ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Dir = directory
	command.Env = append(os.Environ(), variables...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	return command
}

// Run runs a command to its end, and ends what it leaves behind.
func Run(command *exec.Cmd) error {
	running.Lock()
	err := command.Start()
	if err == nil {
		running.groups[command.Process.Pid] = true
	}
	running.Unlock()
	if err != nil {
		return err
	}
	err = command.Wait()
	running.Lock()
	defer running.Unlock()
	delete(running.groups, command.Process.Pid)
	syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	return err
}

// endAll ends all commands, and lets no other start.
func endAll() {
	running.Lock()
	for group := range running.groups {
		syscall.Kill(-group, syscall.SIGKILL)
	}
}
