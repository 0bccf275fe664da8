// pulumi-language-nodejs, with which the engine runs TypeScript and JavaScript programs. A released Pulumi brings its
// own, but its module is not served; this one starts the same script, which is in the SDK.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	sdk "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
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

// GetRequiredPackages finds the plugins that the installed packages require.
func (*server) GetRequiredPackages(
	_ context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	var found []*pulumirpc.PackageDependency
	for _, pattern := range []string{"*", "@*/*"} {
		files, _ := filepath.Glob(filepath.Join(request.Info.ProgramDirectory, "node_modules", pattern, "package.json"))
		for _, file := range files {
			about, err := readPackage(file)
			if err != nil {
				return nil, err
			}
			if required := host.Required(about.Pulumi); required != nil {
				required.Version = strings.TrimPrefix(required.Version, "v")
				found = append(found, required)
			}
		}
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: found}, nil
}

// packageJSON is what a package.json says of its package.
type packageJSON struct {
	Name    string                   `json:"name"`
	Version string                   `json:"version"`
	Pulumi  *plugin.PulumiPluginJSON `json:"pulumi"`
}

func readPackage(file string) (about packageJSON, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return about, err
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return about, fmt.Errorf("%s: %w", file, err)
	}
	if about.Pulumi != nil && about.Pulumi.Version == "" {
		about.Pulumi.Version = about.Version
	}
	if about.Pulumi != nil && about.Pulumi.Name == "" {
		about.Pulumi.Name = filepath.Base(about.Name)
	}
	return about, nil
}

// Run runs a program to its end.
func (*server) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	script := filepath.Join(request.Info.ProgramDirectory, "node_modules/@pulumi/pulumi/cmd/run")
	if _, err := os.Stat(script); err != nil {
		return &pulumirpc.RunResponse{Error: "@pulumi/pulumi is not installed here; `npm install` is right"}, nil
	}
	words := []string{
		"node", script,
		"--monitor", request.MonitorAddress,
		"--engine", host.Engine(),
		"--organization", request.Organization,
		"--project", request.Project,
		"--stack", request.Stack,
		"--root-directory", request.Info.RootDirectory,
		"--pwd", request.Pwd,
		"--parallel", strconv.Itoa(int(request.Parallel)),
	}
	if request.DryRun {
		words = append(words, "--dry-run")
	}
	words = append(append(words, request.Info.EntryPoint), request.Args...)
	command := host.Command(ctx, request.Pwd, host.Configuration(request), words...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return host.Ended(host.Run(command)), nil
}

// InstallDependencies fetches what package.json names.
func (*server) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream host.InstallStream,
) error {
	return host.Install(stream, request.Info.ProgramDirectory, []string{"npm", "install", "--no-audit", "--no-fund"})
}

// GeneratePackage writes the SDK of a package.
func (*server) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return host.Generate(request, func(pkg *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error) {
		return nodejs.GeneratePackage(
			"pulumi-language-nodejs", pkg, request.ExtraFiles, request.LocalDependencies, request.Local, loader)
	})
}

// Link has package.json name SDKs that stand beside the program.
func (*server) Link(ctx context.Context, request *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	var said []string
	for _, linked := range request.Packages {
		about, err := readPackage(filepath.Join(request.Info.ProgramDirectory, linked.Path, "package.json"))
		if err != nil {
			return nil, err
		}
		setting := fmt.Sprintf("dependencies.%s=file:%s", about.Name, linked.Path)
		command := host.Command(ctx, request.Info.ProgramDirectory, nil, "npm", "pkg", "set", setting)
		if err := host.Run(command); err != nil {
			return nil, fmt.Errorf("`npm pkg set %s`: %w", setting, err)
		}
		said = append(said, fmt.Sprintf("import * as %s from %q;", identifier(linked.Package.Name), about.Name))
	}
	return &pulumirpc.LinkResponse{ImportInstructions: strings.Join(said, "\n")}, nil
}

func identifier(name string) string {
	first, rest, _ := strings.Cut(name, "-")
	for part := range strings.SplitSeq(rest, "-") {
		if part != "" {
			first += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return first
}
