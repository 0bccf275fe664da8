package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

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

// server answers the calls that the host behind it gets wrong or takes long for.
type server struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func newServer(behind *host) *grpc.Server {
	answering := grpc.NewServer(grpc.ForceServerCodec(codec{}), grpc.MaxRecvMsgSize(maxMessage),
		grpc.UnknownServiceHandler(behind.relay))
	own := pulumirpc.LanguageRuntime_ServiceDesc // with its two calls that stream
	own.Methods = slices.DeleteFunc(slices.Clone(own.Methods), func(method grpc.MethodDesc) bool {
		return method.MethodName != "GetRequiredPackages"
	})
	answering.RegisterService(&own, &server{})
	return answering
}

// InstallDependencies refuses: the host behind would turn the directory itself into a virtual environment.
func (*server) InstallDependencies(*pulumirpc.InstallDependenciesRequest, installStream) error {
	return status.Error(codes.FailedPrecondition, "the lab's pulumi installs nothing: programs and policy packs run in "+
		"the Python on PATH, other plugins in a virtual environment that you make")
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
	command, err := python(request, engine, "venv", append([]string{program(request)}, request.Args...)...)
	if err != nil {
		return err
	}
	if err := startGroup(command); err != nil {
		return err
	}
	defer killGroup(command)
	return command.Wait()
}

// runPolicyPack starts the pack when the stack is known: packs read it from their environment, engines send it later.
func runPolicyPack(request *pulumirpc.RunPluginRequest, engine pluginStream) error {
	// Unbuffered, because packs print their port without a flush.
	arguments := append(append([]string{"-u", "-m", "pulumi.policy"}, request.Args...), program(request))
	command, err := python(request, engine, "", arguments...)
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

// python is a command in the virtual environment that the plugin names, or its usual one; else in the Python on PATH.
func python(
	request *pulumirpc.RunPluginRequest, engine pluginStream, usual string, arguments ...string,
) (*exec.Cmd, error) {
	interpreter, environment := pythonOnPath(), request.Env
	if virtualenv := cmp.Or(request.Info.Options.GetFields()["virtualenv"].GetStringValue(), usual); virtualenv != "" {
		if !filepath.IsAbs(virtualenv) {
			virtualenv = filepath.Join(request.Info.RootDirectory, virtualenv)
		}
		interpreter = filepath.Join(virtualenv, "bin", "python")
		path := filepath.Join(virtualenv, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
		environment = append(environment, "VIRTUAL_ENV="+virtualenv, "PATH="+path, "PYTHONHOME=")
	}
	command := exec.CommandContext(engine.Context(), interpreter, arguments...)
	if command.Err != nil {
		return nil, command.Err
	}
	command.Dir, command.Env = request.Pwd, environment
	command.Stdout, command.Stderr = printers(engine)
	command.Cancel = func() error { return killGroup(command) }
	command.WaitDelay = time.Second
	return command, nil
}

func pythonOnPath() string { return cmp.Or(os.Getenv("PULUMI_PYTHON_CMD"), "python3") }

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
