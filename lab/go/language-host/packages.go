package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// GetRequiredPackages finds the plugins that the packages in the programs' Python require, for which the host behind
// would run pip at every command. It is asked only where a package does not say what it requires: Unimplemented makes
// the engine call GetRequiredPlugins.
func (*server) GetRequiredPackages(
	ctx context.Context, _ *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	directories, err := searched(ctx)
	if err != nil {
		return nil, status.Error(codes.Unimplemented, err.Error())
	}
	packages, err := required(directories)
	if err != nil {
		return nil, status.Error(codes.Unimplemented, err.Error())
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// searched are the directories in which the Python on PATH, which runs the programs, looks for packages.
func searched(ctx context.Context) ([]string, error) {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, pythonOnPath(), "-c",
		`import os, sys; print(*map(os.path.abspath, sys.path), sep="\0", end="")`)
	command.Stdout = &output
	command.Cancel = func() error { return killGroup(command) }
	command.WaitDelay = time.Second
	if err := startGroup(command); err != nil {
		return nil, err
	}
	defer killGroup(command)
	err := command.Wait()
	return strings.Split(output.String(), "\x00"), err
}

// required are the plugins of the packages that are installed in these directories; of one name, the first counts.
func required(directories []string) ([]*pulumirpc.PackageDependency, error) {
	var found []*pulumirpc.PackageDependency
	known := map[string]bool{}
	for _, directory := range directories {
		entries, _ := os.ReadDir(directory) // Python's path may name what is no directory
		for _, entry := range entries {
			kind := filepath.Ext(entry.Name())
			name, _, _ := strings.Cut(strings.TrimSuffix(entry.Name(), kind), "-")
			if kind != ".dist-info" && kind != ".egg-info" || known[name] {
				continue
			}
			known[name] = true
			plugin, err := pluginOf(filepath.Join(directory, name))
			if err != nil {
				return nil, err
			}
			if plugin != nil {
				found = append(found, plugin)
			}
		}
	}
	return found, nil
}

// pluginOf is the plugin that a package requires, nil where it requires none.
func pluginOf(directory string) (*pulumirpc.PackageDependency, error) {
	file := filepath.Join(directory, "pulumi-plugin.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(filepath.Base(directory), "pulumi_") {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var said struct {
		Resource              bool
		Name, Version, Server string
		Parameterization      *pulumirpc.PackageParameterization
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !said.Resource {
		return nil, nil
	}
	if said.Name == "" || said.Version == "" {
		return nil, fmt.Errorf("%s: no name or no version", file)
	}
	return &pulumirpc.PackageDependency{
		Name:             said.Name,
		Kind:             "resource",
		Version:          said.Version,
		Server:           said.Server,
		Parameterization: said.Parameterization,
	}, nil
}
