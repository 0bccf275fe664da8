// pulumi-language-go, with which the engine runs Go programs. A released Pulumi brings its own, but its module is not
// served.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	generator "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	sdk "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/mod/modfile"
	"google.golang.org/protobuf/types/known/emptypb"

	"lab/languages/host"
)

func main() { host.Serve(&server{}) }

type server struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (*server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: sdk.Version.String()}, nil
}

// GetRequiredPackages finds the plugins that the program's modules require.
func (*server) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	command := host.Command(ctx, request.Info.ProgramDirectory, nil, "go", "list", "-m", "-json=Dir,Path,Version", "all")
	var output, complaint bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaint
	if err := host.Run(command); err != nil {
		return nil, fmt.Errorf("`go list -m all`: %w: %s", err, &complaint)
	}
	var found []*pulumirpc.PackageDependency
	for modules := json.NewDecoder(&output); ; {
		var module struct{ Dir, Path, Version string }
		if err := modules.Decode(&module); errors.Is(err, io.EOF) {
			return &pulumirpc.GetRequiredPackagesResponse{Packages: found}, nil
		} else if err != nil {
			return nil, err
		}
		if module.Dir == "" { // it is not downloaded: nothing of it is used
			continue
		}
		for _, file := range metadata(module.Dir) {
			said, err := plugin.LoadPulumiPluginJSON(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if said.Version == "" {
				said.Version = strings.TrimPrefix(module.Version, "v")
			}
			if required := host.Required(said); required != nil {
				found = append(found, required)
			}
		}
	}
}

// metadata are the files that say which plugin a module requires: at its top, or where generated SDKs have them.
func metadata(directory string) []string {
	var found []string
	for _, pattern := range []string{"", "*", "go/*"} {
		files, _ := filepath.Glob(filepath.Join(directory, pattern, "pulumi-plugin.json"))
		found = append(found, files...)
	}
	return found
}

// Run builds a program, where the project says or in a place that goes again, and runs it to its end.
func (*server) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	scratch, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	program := filepath.Join(scratch, "program")
	if kept := request.Info.Options.GetFields()["buildTarget"].GetStringValue(); kept != "" {
		program = filepath.Join(request.Info.ProgramDirectory, kept)
	}
	build := host.Command(ctx, request.Info.ProgramDirectory, nil, "go", "build", "-o", program, request.Info.EntryPoint)
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := host.Run(build); err != nil {
		return &pulumirpc.RunResponse{Error: "the program does not compile"}, nil
	}
	command := host.Command(ctx, request.Pwd, variables(request), append([]string{program}, request.Args...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return host.Ended(host.Run(command)), nil
}

// variables are how Pulumi's Go SDK learns what it runs for.
func variables(request *pulumirpc.RunRequest) []string {
	return append(host.Configuration(request),
		"PULUMI_ORGANIZATION="+request.Organization,
		"PULUMI_PROJECT="+request.Project,
		"PULUMI_STACK="+request.Stack,
		"PULUMI_ROOT_DIRECTORY="+request.Info.RootDirectory,
		"PULUMI_DRY_RUN="+strconv.FormatBool(request.DryRun),
		"PULUMI_PARALLEL="+strconv.Itoa(int(request.Parallel)),
		"PULUMI_MONITOR="+request.MonitorAddress,
		"PULUMI_ENGINE="+host.Engine(),
	)
}

// InstallDependencies fetches the modules that the program imports.
func (*server) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream host.InstallStream,
) error {
	return host.Install(stream, request.Info.ProgramDirectory, []string{"go", "mod", "tidy"})
}

// GeneratePackage writes the SDK of a package.
func (*server) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return host.Generate(request, func(pkg *schema.Package, _ schema.ReferenceLoader) (map[string][]byte, error) {
		return generator.GeneratePackage("pulumi-language-go", pkg, request.LocalDependencies)
	})
}

// Link has go.mod take SDKs from beside the program.
func (*server) Link(ctx context.Context, request *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	var said []string
	for _, linked := range request.Packages {
		directory := filepath.Join(request.Info.ProgramDirectory, linked.Path)
		text, err := os.ReadFile(filepath.Join(directory, "go.mod"))
		if err != nil {
			return nil, err
		}
		module := modfile.ModulePath(text)
		command := host.Command(ctx, request.Info.ProgramDirectory, nil, "go", "mod", "edit",
			"-require="+module+"@v0.0.0", "-replace="+module+"=./"+filepath.ToSlash(linked.Path))
		if err := host.Run(command); err != nil {
			return nil, fmt.Errorf("`go mod edit` for %s: %w", module, err)
		}
		said = append(said, fmt.Sprintf("import %q", path.Join(module, strings.ReplaceAll(linked.Package.Name, "-", ""))))
	}
	return &pulumirpc.LinkResponse{ImportInstructions: strings.Join(said, "\n")}, nil
}
