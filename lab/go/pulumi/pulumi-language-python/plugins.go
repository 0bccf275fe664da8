package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"

	sdk "github.com/pulumi/pulumi/sdk/v3"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type (
	installStream = grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]
	pluginStream  = grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]
)

// InstallDependencies makes the environment of a plugin that somebody adds to a program, as a released Pulumi does.
// Programs and policy packs run in the Python on PATH, which is the project's own, made of its requirements.
func (*server) InstallDependencies(request *pulumirpc.InstallDependenciesRequest, engine installStream) error {
	if !request.IsPlugin {
		return status.Error(codes.FailedPrecondition, "the lab's pulumi installs nothing for programs and policy packs: "+
			"they run in the Python on PATH")
	}
	chosen, err := environment(engine.Context(), request.Info, "venv")
	if err != nil {
		return err
	}
	printed := printer(func(text []byte) error {
		return engine.Send(&pulumirpc.InstallDependenciesResponse{Stdout: text})
	})
	directory := request.Info.ProgramDirectory
	return chosen.InstallDependencies(engine.Context(), directory, false, true, printed, printed)
}

// RunPlugin runs the Python program of a plugin, and streams what it prints and how it ended.
func (*server) RunPlugin(request *pulumirpc.RunPluginRequest, engine pluginStream) error {
	run := runPlugin
	if request.Kind == "analyzer" {
		run = runPolicyPack
	}
	err := run(request, engine)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code := &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())}
		return engine.Send(&pulumirpc.RunPluginResponse{Output: code})
	}
	return err
}

func runPlugin(request *pulumirpc.RunPluginRequest, engine pluginStream) error {
	command, err := pluginCommand(request, engine, "venv", append([]string{program(request)}, request.Args...)...)
	if err != nil {
		return err
	}
	return runGroup(command)
}

// runPolicyPack starts the pack when the stack is known: packs read it from their environment, engines send it later.
func runPolicyPack(request *pulumirpc.RunPluginRequest, engine pluginStream) error {
	// Unbuffered, because packs print their port without a flush.
	arguments := append(append([]string{"-u", "-m", "pulumi.policy"}, request.Args...), program(request))
	command, err := pluginCommand(request, engine, "", arguments...)
	if err != nil {
		return err
	}
	command.Dir = request.Info.ProgramDirectory
	proxy, output, err := sdk.NewPolicyProxy(engine.Context(), command.Stdout)
	if err != nil {
		return err
	}
	stack, err := proxy.AwaitConfiguration(engine.Context())
	if err != nil {
		return err
	}
	command.Stdout = output
	command.Env = append(command.Env, variables(stack)...)
	if err := startGroup(command); err != nil {
		return err
	}
	defer killGroup(command)
	return proxy.Attach(engine.Context(), command)
}

func program(request *pulumirpc.RunPluginRequest) string {
	return filepath.Join(request.Info.ProgramDirectory, request.Info.EntryPoint)
}

// pluginCommand is a plugin's Python, in the environment that the engine wants for it.
func pluginCommand(
	request *pulumirpc.RunPluginRequest, engine pluginStream, usual string, arguments ...string,
) (*exec.Cmd, error) {
	command, err := python(engine.Context(), request.Info, usual, request.Env, arguments...)
	if err != nil {
		return nil, err
	}
	command.Dir = request.Pwd
	command.Stdout, command.Stderr = printers(engine)
	return command, nil
}

// variables say to a policy pack which stack it looks at.
func variables(stack *pulumirpc.AnalyzerStackConfigureRequest) []string {
	if stack == nil {
		return nil
	}
	found := []string{
		"PULUMI_ORGANIZATION=" + stack.Organization,
		"PULUMI_PROJECT=" + stack.Project,
		"PULUMI_STACK=" + stack.Stack,
		"PULUMI_DRY_RUN=" + strconv.FormatBool(stack.DryRun),
	}
	if config, err := json.Marshal(stack.Config); err == nil && len(stack.Config) > 0 {
		found = append(found, "PULUMI_CONFIG="+string(config))
	}
	return found
}

// printer sends what is written to it.
type printer func(text []byte) error

func (send printer) Write(text []byte) (int, error) { return len(text), send(text) }

// printers are the standard output and error of a plugin.
func printers(engine pluginStream) (stdout, stderr printer) {
	var one sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		one.Lock()
		defer one.Unlock()
		return engine.Send(response)
	}
	stdout = func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	}
	stderr = func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	}
	return stdout, stderr
}
