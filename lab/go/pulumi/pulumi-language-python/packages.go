package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

// GetRequiredPackages finds the plugins that the packages in a program's Python require. It reads the directories
// itself, because pip takes long and every command asks.
func (*server) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	searched, err := answer(ctx, request.Info,
		`import os, sys; print(*map(os.path.abspath, sys.path), sep="\0", end="")`)
	if err != nil {
		return nil, err
	}
	packages, err := required(strings.Split(searched, "\x00"))
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, err
}

// required are the plugins of the packages that are installed in these directories; of one name, the first counts.
func required(directories []string) ([]*pulumirpc.PackageDependency, error) {
	var found []*pulumirpc.PackageDependency
	known := map[string]bool{}
	for _, directory := range directories {
		entries, _ := os.ReadDir(directory) // Python's path may name what is no directory
		for _, entry := range entries {
			kind := filepath.Ext(entry.Name())
			name, version, _ := strings.Cut(strings.TrimSuffix(entry.Name(), kind), "-")
			if kind != ".dist-info" && kind != ".egg-info" || known[name] {
				continue
			}
			known[name] = true
			plugin, err := pluginOf(filepath.Join(directory, name), version)
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

// pluginOf is the plugin that a package requires, nil where it requires none. Of one of Pulumi's own it is known
// without being said.
func pluginOf(directory, version string) (*pulumirpc.PackageDependency, error) {
	name, ours := strings.CutPrefix(filepath.Base(directory), "pulumi_")
	said, err := plugin.LoadPulumiPluginJSON(filepath.Join(directory, "pulumi-plugin.json"))
	switch {
	case err != nil && !ours:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		said = &plugin.PulumiPluginJSON{Resource: true}
	case err != nil:
		return nil, err
	}
	if said.Version == "" {
		parsed, err := toolchain.ParsePythonVersion(version)
		if err != nil {
			return nil, nil
		}
		said.Version = parsed.String()
	}
	if !said.Resource {
		return nil, nil
	}
	return &pulumirpc.PackageDependency{
		Name:             cmp.Or(said.Name, strings.ReplaceAll(name, "_", "-")),
		Kind:             "resource",
		Version:          said.Version,
		Server:           said.Server,
		Parameterization: parameterization(said.Parameterization),
		Extension:        parameterization(said.ExtensionParameterization),
	}, nil
}

func parameterization(said *plugin.PulumiParameterizationJSON) *pulumirpc.PackageParameterization {
	if said == nil {
		return nil
	}
	return &pulumirpc.PackageParameterization{Name: said.Name, Version: said.Version, Value: said.Value}
}
