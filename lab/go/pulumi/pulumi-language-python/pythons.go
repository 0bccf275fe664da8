package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// environment is the Python that Pulumi.yaml and its like choose (runtime options `virtualenv` and `toolchain`); the
// one on PATH where they choose none and there is no usual one.
func environment(ctx context.Context, info *pulumirpc.ProgramInfo, usual string) (toolchain.Toolchain, error) {
	chosen := info.Options.GetFields()
	options := toolchain.PythonOptions{
		Root:       info.RootDirectory,
		ProgramDir: info.ProgramDirectory,
		Virtualenv: chosen["virtualenv"].GetStringValue(),
	}
	switch name := chosen["toolchain"].GetStringValue(); name {
	case "":
	case "pip":
		options.Toolchain = toolchain.Pip
	case "poetry":
		options.Toolchain = toolchain.Poetry
	case "uv":
		options.Toolchain = toolchain.Uv
	default:
		return nil, fmt.Errorf("the runtime option toolchain is %q; pip, poetry or uv is right", name)
	}
	found, err := toolchain.ResolveToolchain(options)
	if err != nil {
		return nil, err
	}
	if path, err := found.VirtualEnvPath(ctx); err == nil && path == "" && usual != "" {
		options.Virtualenv = usual
		return toolchain.ResolveToolchain(options)
	}
	return found, nil
}

// python is a command in that environment, with these variables.
func python(
	ctx context.Context, info *pulumirpc.ProgramInfo, usual string, variables []string, arguments ...string,
) (*exec.Cmd, error) {
	chosen, err := environment(ctx, info, usual)
	if err != nil {
		return nil, err
	}
	if err := chosen.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	command, err := chosen.Command(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	command.Env = variables
	if path, err := chosen.VirtualEnvPath(ctx); err == nil && path != "" {
		command.Env = toolchain.ActivateVirtualEnv(variables, path)
	}
	command.Cancel = func() error { return killGroup(command) }
	command.WaitDelay = time.Second
	return command, nil
}

// answer is what a line of Python prints there.
func answer(ctx context.Context, info *pulumirpc.ProgramInfo, line string) (string, error) {
	command, err := python(ctx, info, "", os.Environ(), "-c", line)
	if err != nil {
		return "", err
	}
	var output strings.Builder
	command.Stdout = &output
	err = runGroup(command)
	return output.String(), err
}
