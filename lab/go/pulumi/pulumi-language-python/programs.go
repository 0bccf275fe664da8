package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"

	sdk "github.com/pulumi/pulumi/sdk/v3"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// reported is the exit code of a program that has told the engine itself what went wrong.
const reported = 32

// server answers the engine.
type server struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine string
}

func (*server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: sdk.Version.String()}, nil
}

// Run runs a program to its end.
func (host *server) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	script, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := configuration(request)
	if err != nil {
		return nil, err
	}
	command, err := python(ctx, request.Info, "", append(os.Environ(), config...),
		append([]string{script + "-exec"}, host.arguments(request)...)...)
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	err = runGroup(command)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == reported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case exit != nil && exit.Exited():
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with non-zero exit code: %d", exit.ExitCode())}, nil
	}
	return &pulumirpc.RunResponse{Error: "program did not run to its end: " + err.Error()}, nil
}

// arguments are those of pulumi-language-python-exec.
func (host *server) arguments(request *pulumirpc.RunRequest) []string {
	return append([]string{
		"--monitor=" + request.MonitorAddress,
		"--engine=" + host.engine,
		"--organization=" + request.Organization,
		"--project=" + request.Project,
		"--stack=" + request.Stack,
		"--root_directory=" + request.Info.RootDirectory,
		"--pwd=" + request.Pwd,
		"--dry_run=" + strconv.FormatBool(request.DryRun),
		"--parallel=" + strconv.Itoa(int(request.Parallel)),
		request.Info.EntryPoint,
	}, request.Args...)
}

// configuration is the stack's, as variables of the environment.
func configuration(request *pulumirpc.RunRequest) ([]string, error) {
	config := map[string]string{} // not nil, which would be written as null
	maps.Copy(config, request.Config)
	values, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(append([]string{}, request.ConfigSecretKeys...))
	return []string{"PULUMI_CONFIG=" + string(values), "PULUMI_CONFIG_SECRET_KEYS=" + string(secret)}, err
}

// About says which Python runs the programs.
func (*server) About(ctx context.Context, request *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	said, err := answer(ctx, request.Info, `import platform, sys; print(sys.executable, platform.python_version(), sep="\0", end="")`)
	if err != nil {
		return nil, err
	}
	executable, version, _ := strings.Cut(said, "\x00")
	return &pulumirpc.AboutResponse{Executable: executable, Version: version}, nil
}

// GetProgramDependencies lists the packages that a program's Python has.
func (*server) GetProgramDependencies(
	ctx context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	chosen, err := environment(ctx, request.Info, "")
	if err != nil {
		return nil, err
	}
	packages, err := chosen.ListPackages(ctx, request.TransitiveDependencies)
	if err != nil {
		return nil, err
	}
	var found []*pulumirpc.DependencyInfo
	for _, one := range packages {
		found = append(found, &pulumirpc.DependencyInfo{Name: one.Name, Version: one.Version})
	}
	return &pulumirpc.GetProgramDependenciesResponse{Dependencies: found}, nil
}
